package dev.weft.proxy.xds;

import dev.weft.proxy.bootstrap.ControlPlane;
import dev.weft.proxy.config.Refusals;
import dev.weft.proxy.config.Resource;
import dev.weft.proxy.control.ControlThread;
import dev.weft.proxy.identity.ControlPlaneDialer;
import dev.weft.proxy.state.LastGood;
import io.envoyproxy.envoy.config.core.v3.Node;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Follows one control plane, and moves to another without a gap: the new stream is opened beside
/// the old one, and the old one is closed only when the new one has said all that it has to say.
///
/// ```
/// idle ──follow(a)──▶ with a ──follow(b)──▶ moving to b, a leads ──b answers──▶ moving to b, b leads ──b synced──▶ with b
///                        ▲                         │ follow(a)                          │ b lost, or follow(a)
///                        └─────────────────────────┴──── a reopens if b has led ◀───────┘
/// ```
///
/// One stream leads at a time: once b has answered, what a still sends is left alone, for b does
/// not know of it and would not mend it. If b is lost before the end, a's stream is opened anew,
/// which tells a what is in force by then.
public final class AdsClient implements Link.Owner {
    private static final Logger LOG = System.getLogger(AdsClient.class.getName());

    /// How long a control plane that has nothing to say may stay silent before that counts as
    /// agreement with what is in force.
    private static final Duration SILENCE = Duration.ofSeconds(2);

    /// How long a control plane that does not say what there is not has for what it is asked for:
    /// as long as the protocol recommends.
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    /// Before a control plane that sends again what has been refused is told so again.
    private static final Duration REPEAT = Duration.ofSeconds(1);

    private final Configuration configuration;
    private final LastGood lastGood;
    private final Function<ControlPlane, Node> node;
    private final ControlPlaneDialer dialer;
    private final ControlThread control;
    private final RandomGenerator random;
    private final XdsEvents events;
    private final LoadReporter loads;
    private final Leases leases = new Leases();

    private @Nullable Link current;
    private @Nullable Link candidate;
    private boolean candidateLeads;
    private ControlThread.@Nullable Timer silence;
    private ControlThread.@Nullable Timer expiry;

    private final CompletableFuture<Void> answered = new CompletableFuture<>();
    private final CompletableFuture<Void> configured = new CompletableFuture<>();
    private volatile boolean synced;

    /// @param node what to tell a control plane of this proxy
    public AdsClient(
            Configuration configuration,
            LastGood lastGood,
            Function<ControlPlane, Node> node,
            ControlPlaneDialer dialer,
            ControlThread control,
            RandomGenerator random,
            XdsEvents events,
            LoadReporter loads) {
        this.configuration = configuration;
        this.lastGood = lastGood;
        this.node = node;
        this.dialer = dialer;
        this.control = control;
        this.random = random;
        this.events = events;
        this.loads = loads;
    }

    /// Whether a whole configuration is in force, from a stream or from the state folder; once true
    /// it stays so. From any thread.
    public boolean configured() {
        return configured.isDone();
    }

    /// Whether all that was asked for has been answered, even if not all of it could be taken, but
    /// not if all listeners are refused; once true it stays so. From any thread.
    public boolean answered() {
        return answered.isDone();
    }

    /// Done when [#answered()] is true, on the control thread.
    public CompletionStage<Void> firstAnswered() {
        return answered.minimalCompletionStage();
    }

    /// Done when [#configured()] is true, on the control thread.
    public CompletionStage<Void> firstConfigured() {
        return configured.minimalCompletionStage();
    }

    /// Whether the control plane is connected and has sent all that was asked of it. From any
    /// thread.
    public boolean synced() {
        return synced;
    }

    /// The revision of the control plane whose stream counts; empty before there is one. On the
    /// control thread.
    public Optional<String> revision() {
        return Optional.ofNullable(current).map(link -> link.target().revision());
    }

    /// Whether it is on its way to another control plane. On the control thread.
    public boolean moving() {
        return candidate != null;
    }

    /// Puts the last good configuration in force. On the control thread, before [#follow].
    public void restore() {
        var kept = lastGood.load();
        for (ResourceType type : ResourceType.values()) {
            var resources = kept.getOrDefault(type.typeUrl(), List.of());
            configuration
                    .offer(type, resources, List.of())
                    .text()
                    .ifPresent(refusal ->
                            LOG.log(
                                    Level.WARNING,
                                    "some of the last good {0} resources are not used: {1}",
                                    type,
                                    refusal));
            heardOf(type, resources, List.of());
        }
        if (!configuration.resources(ResourceType.LISTENER).isEmpty()) {
            answered.complete(null);
            configured.complete(null);
            LOG.log(Level.INFO, "the last good configuration is in force");
        }
    }

    /// Makes this control plane the one that counts. On the control thread.
    public void follow(ControlPlane target) {
        var now = current;
        if (now == null) {
            current = open(target);
        } else if (now.target().equals(target)) {
            if (candidate != null) {
                LOG.log(Level.INFO, "staying with {0}", target);
                abandonCandidate(now);
            }
        } else if (candidate == null || !candidate.target().equals(target)) {
            abandonCandidate(now);
            LOG.log(Level.INFO, "moving from {0} to {1}", now.target(), target);
            candidate = open(target);
        }
    }

    private Link open(ControlPlane target) {
        var link = new Link(target, node.apply(target), dialer, control, random, this);
        // later, so that it is known as current or candidate by its first event
        control.execute(link::open);
        return link;
    }

    private void abandonCandidate(Link staying) {
        var leaving = candidate;
        if (leaving == null) {
            return;
        }
        leaving.close();
        candidate = null;
        if (candidateLeads) {
            candidateLeads = false;
            staying.reopen();
        }
    }

    @Override
    public void opened(Link link, AdsStream<?, ?> stream) {
        for (ResourceType type : ResourceType.values()) {
            subscribe(stream, type);
        }
        if (link == current) {
            if (!candidateLeads) {
                configuration.forgetRefused();
            }
            reportLoad(link);
        }
        watchSilence();
    }

    private void reportLoad(Link link) {
        var calls = link.calls();
        if (calls != null) {
            loads.follow(calls, node.apply(link.target()), link.target().wantsLoad());
        }
    }

    @Override
    public void lost(Link link) {
        if (link == current) {
            loads.leave();
            synced = false;
            events.disconnected(link.target().revision());
        } else if (link == candidate && candidateLeads && current != null) {
            candidateLeads = false;
            current.reopen();
        }
    }

    private void subscribe(AdsStream<?, ?> stream, ResourceType type) {
        var asked = stream.subscribe(type, configuration);
        if (!asked.isEmpty() && !stream.tellsAbsence()) {
            control.after(PATIENCE, () -> giveUp(stream, type, asked));
        }
    }

    private void giveUp(AdsStream<?, ?> stream, ResourceType type, Set<String> asked) {
        var missing = new TreeSet<>(asked);
        missing.removeAll(configuration.known(type));
        stream.giveUp(type, missing);
        settle();
    }

    @Override
    public void response(Link link, AdsStream<?, ?> stream, Update update) {
        var type = update.type();
        if (type.isEmpty()) {
            events.refused(update.typeUrl());
            stream.answer(update, Optional.of("this type was not subscribed to"));
            return;
        }
        if (link == candidate && !candidateLeads) {
            candidateLeads = true;
            configuration.forgetRefused();
        } else if (link == current && candidateLeads) {
            events.ignored(type.get());
            return;
        }
        take(stream, type.get(), update);
        settle();
        loads.look();
        watchSilence();
    }

    private void take(AdsStream<?, ?> stream, ResourceType type, Update update) {
        var repeated = update.repeated();
        var changed =
                update.changed().stream().filter(it -> !repeated.containsKey(it.name())).toList();
        var removed =
                update.removed(() -> configuration.known(type)).stream()
                        .filter(name -> !repeated.containsKey(name))
                        .toList();
        var offered = configuration.offer(type, changed, removed);
        configuration.refuse(type, repeated);
        configuration.refuse(type, update.unreadable());
        stream.answered(type, update);
        heardOf(type, update.changed(), update.heartbeats());
        var refusals = offered.and(repeated).and(update.unreadable());
        Runnable now = () -> stream.answer(update, refusals.text());
        Runnable answer = now;
        if (!refusals.isEmpty() && stream.repeats(update)) {
            answer = () -> control.after(REPEAT, now);
        } else {
            tell(type, refusals);
        }
        if (offered.byName().size() == changed.size() && removed.isEmpty()) {
            answer.run();
        } else {
            // only then: what a control plane has seen accepted outlives this process
            lastGood.keep(configuration::snapshot, answer);
        }
        followUp(stream, type);
    }

    /// Brings what clusters and listeners refer to up to what they say now.
    ///
    /// @param stream null: there is none
    private void followUp(@Nullable AdsStream<?, ?> stream, ResourceType type) {
        switch (type) {
            case CLUSTER -> resubscribe(stream, ResourceType.ENDPOINTS);
            case LISTENER -> resubscribe(stream, ResourceType.ROUTES);
            case ENDPOINTS, ROUTES -> {}
        }
    }

    private void heardOf(ResourceType type, List<Resource> sent, List<Heartbeat> heartbeats) {
        var now = System.nanoTime();
        sent.forEach(it -> leases.heardOf(type, it.name(), it.ttl(), now));
        heartbeats.forEach(it -> leases.heardOf(type, it.name(), it.ttl(), now));
        watchLeases();
    }

    private void watchLeases() {
        if (expiry != null) {
            expiry.cancel();
        }
        expiry =
                leases.untilNext(System.nanoTime())
                        .map(wait -> control.after(wait, this::expire))
                        .orElse(null);
    }

    /// Removes what has not been heard of for its time to live, as if the control plane had.
    private void expire() {
        for (ResourceType type : ResourceType.values()) {
            var ended = leases.takeEnded(type, System.nanoTime());
            if (!ended.isEmpty()) {
                LOG.log(Level.WARNING, "{0} {1} end: their time to live is over", type, ended);
                end(type, ended);
            }
        }
        watchLeases();
    }

    private void end(ResourceType type, List<String> names) {
        configuration.offer(type, List.of(), names);
        var leading = leading();
        if (leading != null) {
            leading.forget();
        }
        followUp(leading == null ? null : leading.stream(), type);
        lastGood.keep(configuration::snapshot, () -> {});
    }

    private void tell(ResourceType type, Refusals refusals) {
        refusals.text()
                .ifPresentOrElse(
                        why -> {
                            LOG.log(Level.WARNING, "refused {0} resources: {1}", type, why);
                            events.refused(type.typeUrl());
                        },
                        () -> events.accepted(type));
    }

    private void resubscribe(@Nullable AdsStream<?, ?> stream, ResourceType type) {
        if (stream != null) {
            subscribe(stream, type);
        }
        configuration.keepOnly(type, configuration.wanted(type));
    }

    private @Nullable Link leading() {
        return candidateLeads ? candidate : current;
    }

    /// Sees whether the leading stream has said all.
    private void settle() {
        var leading = leading();
        if (leading == null) {
            return;
        }
        if (isAnswered(leading)) {
            answered.complete(null);
        }
        if (complete(leading, false)) {
            settled(leading);
        }
    }

    /// What is refused is no reason to wait, unless nothing is left to serve by.
    private boolean isAnswered(Link link) {
        return !answered.isDone()
                && !isAllRefused()
                && complete(
                        link, false, (type, name) -> configuration.refused(type).containsKey(name));
    }

    private boolean isAllRefused() {
        return configuration.resources(ResourceType.LISTENER).isEmpty()
                && !configuration.refused(ResourceType.LISTENER).isEmpty();
    }

    private void settled(Link leading) {
        if (leading == candidate) {
            LOG.log(Level.INFO, "moved to {0}", leading.target());
            if (current != null) {
                current.close();
                events.disconnected(current.target().revision());
            }
            current = leading;
            candidate = null;
            candidateLeads = false;
            synced = false;
            reportLoad(leading);
        }
        if (!isAllRefused()) {
            answered.complete(null);
        }
        configured.complete(null);
        if (!synced) {
            synced = true;
            events.connected(leading.target().revision());
        }
    }

    private boolean complete(Link link, boolean silent) {
        return complete(link, silent, (type, name) -> false);
    }

    /// @param suffices whether a resource that is wanted may be missing
    private boolean complete(
            Link link, boolean silent, BiPredicate<ResourceType, String> suffices) {
        var stream = link.stream();
        if (stream == null) {
            return false;
        }
        for (ResourceType type : ResourceType.values()) {
            boolean whole =
                    type.wildcard()
                            ? silent || stream.answered(type)
                            : configuration.wanted(type).stream()
                                    .allMatch(name ->
                                            configuration.has(type, name)
                                                    || stream.absent(type, name)
                                                    || suffices.test(type, name));
            if (!whole) {
                return false;
            }
        }
        return true;
    }

    /// A control plane need not answer if it has nothing that differs; then it is complete after a
    /// while of silence, provided that there is a configuration to agree with.
    private void watchSilence() {
        if (silence != null) {
            silence.cancel();
        }
        silence = control.after(SILENCE, this::silent);
    }

    private void silent() {
        var waiting = candidate != null ? candidate : synced ? null : current;
        if (waiting != null && waiting.established() && configured() && complete(waiting, true)) {
            settled(waiting);
        }
    }

    /// Ends all streams. On the control thread.
    public void close() {
        loads.leave();
        if (candidate != null) {
            candidate.close();
        }
        if (current != null) {
            current.close();
        }
    }
}
