package dev.weft.proxy;

import dev.weft.proxy.accept.Acceptor;
import dev.weft.proxy.accept.Listening;
import dev.weft.proxy.config.ListenerSpec;
import dev.weft.proxy.config.Tables;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The sockets that the listeners in force ask for. Nothing is bound before [#start]. Any thread.
final class Listeners {
    /// Begins to listen at one address of a listener.
    @FunctionalInterface
    interface Opener {
        Listening open(ListenerSpec listener, InetSocketAddress address);
    }

    /// A socket of a listener; each keeps open when others of it come or go. Its two methods are
    /// written out: the JVM spins a record's own when they are first called, here before a start is
    /// ready.
    private record Place(String listener, InetSocketAddress address) {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Place(var name, var at)
                    && listener.equals(name)
                    && address.equals(at);
        }

        @Override
        public int hashCode() {
            return 31 * listener.hashCode() + address.hashCode();
        }
    }

    private final Opener opener;
    private final Map<Place, Listening> places = new ConcurrentHashMap<>();
    private boolean started;
    private boolean stopped;

    Listeners(Opener opener) {
        this.opener = opener;
    }

    synchronized void start(Tables tables) {
        started = true;
        reconcile(tables);
    }

    synchronized void reconcile(Tables tables) {
        if (!started || stopped) {
            return;
        }
        var wanted = new HashSet<Place>();
        for (var listener : tables.listeners().values()) {
            if (listener.binds()) {
                Acceptor.sockets(listener.addresses())
                        .forEach(address -> wanted.add(new Place(listener.name(), address)));
            }
        }
        places.entrySet()
                .removeIf(entry -> {
                    boolean gone = !wanted.contains(entry.getKey());
                    if (gone) {
                        var _ = entry.getValue().stop();
                    }
                    return gone;
                });
        for (var place : wanted) {
            var listener = tables.listeners().get(place.listener());
            if (listener != null) {
                places.computeIfAbsent(place, _ -> opener.open(listener, place.address()));
            }
        }
    }

    /// Ends all of them; returns when that is done. Not to be called on an event loop.
    synchronized void stop(Function<Listening, CompletionStage<Void>> how) {
        stopped = true;
        var stops =
                places.values().stream()
                        .map(listening -> how.apply(listening).toCompletableFuture())
                        .toArray(CompletableFuture<?>[]::new);
        CompletableFuture.allOf(stops).join();
        places.clear();
    }

    /// Whether a listener of this name is in force and has sockets, be they bound or not.
    boolean has(String listener) {
        return places.keySet().stream().anyMatch(place -> place.listener().equals(listener));
    }

    /// What those of these listeners that do not accept are waiting for, with listener, address and
    /// cause.
    List<String> troubles(Predicate<String> which) {
        return places.entrySet().stream()
                .filter(entry -> which.test(entry.getKey().listener()))
                .flatMap(entry -> entry.getValue().trouble().stream())
                .sorted()
                .toList();
    }

    /// Where a listener accepts, once it does.
    Optional<CompletionStage<InetSocketAddress>> boundAddress(String listener) {
        return places.entrySet().stream()
                .filter(entry -> entry.getKey().listener().equals(listener))
                .map(entry -> entry.getValue().bound())
                .findFirst();
    }
}
