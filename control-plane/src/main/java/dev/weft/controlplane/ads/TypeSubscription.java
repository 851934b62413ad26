package dev.weft.controlplane.ads;

import dev.weft.controlplane.compile.ProxyView;
import dev.weft.controlplane.compile.ResourceType;
import dev.weft.controlplane.compile.XdsResource;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One resource type on one stream: what the client asked for, what it has, and what it still has
/// to be told. The stream's lock guards it.
///
/// ```
///                 names change              response sent                ACK
///   up to date ----------------> unsaid ------------------> unanswered -------> up to date
///                                  ^                            |
///                                  +---- NACK of several: each is sent alone, to find the bad one
/// ```
final class TypeSubscription {
    /// A response is closed when it has grown over this; a client's limit for a message is 4 MiB
    /// unless it says other.
    static final int RESPONSE_BYTES = 512 * 1024;

    /// More names than a stream may ask for by name.
    static final int MAX_NAMES = 100_000;

    private static final String EVERYTHING = "*";

    private final ResourceType type;
    private boolean started;
    private boolean wildcard;

    /// The first request of a type is answered even if there is nothing to tell.
    private boolean answerDue;

    private final Set<String> named = new HashSet<>();

    /// Asked for by name and not told of yet, not even that it does not exist.
    private final Set<String> due = new HashSet<>();

    private final Map<String, Delivered> delivered = new HashMap<>();
    private int unacked;
    private final Set<String> unsaid = new HashSet<>();
    private final Deque<String> alone = new ArrayDeque<>();
    private @Nullable Unanswered unanswered;

    private record Delivered(String version, boolean acked) {}

    private record Unanswered(String nonce, List<String> names) {}

    TypeSubscription(ResourceType type) {
        this.type = type;
    }

    boolean isStarted() {
        return started;
    }

    /// @throws TooManyNames if the client asks for more than it may
    Answer request(DeltaDiscoveryRequest request, @Nullable ProxyView view) throws TooManyNames {
        Answer answer = answer(request);
        if (!started) {
            start(request);
        }
        for (String name : request.getResourceNamesSubscribeList()) {
            subscribe(name, request);
        }
        request.getResourceNamesUnsubscribeList().forEach(this::unsubscribe);
        if (named.size() > MAX_NAMES) {
            throw new TooManyNames();
        }
        if (wildcard && answerDue && view != null) {
            unsaid.addAll(view.names(type));
        }
        return answer;
    }

    private void start(DeltaDiscoveryRequest request) {
        started = true;
        answerDue = true;
        wildcard = type.legacyWildcard() && request.getResourceNamesSubscribeList().isEmpty();
        request.getInitialResourceVersionsMap()
                .forEach((name, version) -> put(name, new Delivered(version, true)));
        unsaid.addAll(delivered.keySet());
    }

    private void subscribe(String name, DeltaDiscoveryRequest request) {
        if (name.equals(EVERYTHING)) {
            wildcard = true;
            answerDue = true;
            return;
        }
        named.add(name);
        due.add(name);
        unsaid.add(name);
        if (!request.containsInitialResourceVersions(name)) {
            forget(name); // who asks again wants to be told again
        }
    }

    private void unsubscribe(String name) {
        if (name.equals(EVERYTHING)) {
            wildcard = false;
            List.copyOf(delivered.keySet()).stream()
                    .filter(known -> !named.contains(known))
                    .forEach(this::drop);
            unsaid.retainAll(named);
            return;
        }
        named.remove(name);
        due.remove(name);
        if (!wildcard) {
            drop(name);
        }
    }

    private void drop(String name) {
        forget(name);
        unsaid.remove(name);
        alone.remove(name);
    }

    private Answer answer(DeltaDiscoveryRequest request) {
        Unanswered sent = unanswered;
        if (sent == null || !sent.nonce.equals(request.getResponseNonce())) {
            return new Answer.None();
        }
        unanswered = null;
        if (!request.hasErrorDetail()) {
            sent.names.forEach(this::acked);
            return new Answer.Ack();
        }
        if (sent.names.size() > 1) {
            for (String name : sent.names) {
                if (delivered.containsKey(name)) {
                    forget(name);
                    alone.add(name);
                }
            }
        }
        return new Answer.Nack(type, request.getErrorDetail());
    }

    private void acked(String name) {
        Delivered known = delivered.get(name);
        if (known != null) {
            put(name, new Delivered(known.version, true));
        }
    }

    /// These names may be other than they were.
    void changed(Set<String> names) {
        if (wildcard) {
            unsaid.addAll(names);
        } else if (names.size() < named.size()) {
            names.stream().filter(named::contains).forEach(unsaid::add);
        } else {
            named.stream().filter(names::contains).forEach(unsaid::add);
        }
    }

    /// Everything may be other than it was.
    void allChanged(ProxyView view) {
        unsaid.addAll(delivered.keySet());
        unsaid.addAll(named);
        if (wildcard) {
            unsaid.addAll(view.names(type));
        }
    }

    boolean hasUnsaid() {
        return !unsaid.isEmpty() || !alone.isEmpty();
    }

    /// The next response, or null if the client is up to date or has not answered the last one.
    @Nullable DeltaDiscoveryResponse next(ProxyView view, String nonce) {
        if (unanswered != null || (!hasUnsaid() && !answerDue)) {
            return null;
        }
        DeltaDiscoveryResponse.Builder response =
                DeltaDiscoveryResponse.newBuilder().setTypeUrl(type.typeUrl()).setNonce(nonce);
        List<String> names = new ArrayList<>();
        if (alone.isEmpty()) {
            fill(response, names, view);
        } else {
            tell(alone.remove(), response, names, view);
        }
        if (names.isEmpty() && !answerDue) {
            return null;
        }
        answerDue = false;
        unanswered = new Unanswered(nonce, names);
        return response.build();
    }

    private void fill(DeltaDiscoveryResponse.Builder response, List<String> names, ProxyView view) {
        int bytes = 0;
        Iterator<String> rest = unsaid.iterator();
        while (rest.hasNext() && bytes < RESPONSE_BYTES) {
            String name = rest.next();
            rest.remove();
            bytes += tell(name, response, names, view);
        }
    }

    /// Returns how much the response has grown.
    private int tell(
            String name,
            DeltaDiscoveryResponse.Builder response,
            List<String> names,
            ProxyView view) {
        XdsResource resource = wildcard || named.contains(name) ? view.get(type, name) : null;
        boolean asked = due.remove(name);
        Delivered known = delivered.get(name);
        if (resource == null) {
            if (known != null || asked) {
                forget(name);
                names.add(name);
                response.addRemovedResources(name);
            }
            return name.length();
        }
        if (known != null && known.version.equals(resource.version())) {
            return 0;
        }
        put(name, new Delivered(resource.version(), false));
        names.add(name);
        response.addResources(resource.message());
        return resource.message().getSerializedSize();
    }

    private void put(String name, Delivered state) {
        forget(name);
        delivered.put(name, state);
        unacked += state.acked ? 0 : 1;
    }

    private void forget(String name) {
        Delivered before = delivered.remove(name);
        if (before != null && !before.acked) {
            unacked--;
        }
    }

    /// The client has accepted everything that it was to be told.
    boolean isSynced() {
        return !started || (!hasUnsaid() && !answerDue && unanswered == null && unacked == 0);
    }

    /// The client has accepted the newest state of this resource, or never asked for it.
    boolean hasAccepted(String name, ProxyView view) {
        if (!started || !(wildcard || named.contains(name))) {
            return true;
        }
        XdsResource newest = view.get(type, name);
        Delivered known = delivered.get(name);
        if (newest == null) {
            boolean waiting = unanswered != null && unanswered.names.contains(name);
            return known == null && !waiting;
        }
        return known != null && known.acked && known.version.equals(newest.version());
    }

    /// A client asks for more names than any use of the mesh needs.
    static final class TooManyNames extends Exception {
        private static final long serialVersionUID = 1;
    }
}
