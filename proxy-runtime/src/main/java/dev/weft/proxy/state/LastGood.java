package dev.weft.proxy.state;

import com.google.protobuf.util.Durations;
import dev.weft.proxy.config.Resource;
import dev.weft.proxy.control.AtomicFile;
import dev.weft.proxy.control.ControlThread;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// The last configuration that was in force, in one file: delimited [DeltaDiscoveryResponse]s, one
/// per type. A proxy that is killed while no control plane is there serves by it again.
public final class LastGood {
    /// A large mesh changes every few milliseconds, and each write is a whole file: at most a tenth
    /// of the time is spent on that.
    private static final int QUIET_FOR_WRITE = 9;

    private static final Duration MOST_QUIET = Duration.ofMillis(200);

    private static final Logger LOG = System.getLogger(LastGood.class.getName());

    private final Path file;
    private final ControlThread control;
    private final List<Runnable> waiting = new ArrayList<>();
    private long nextNanos = System.nanoTime();

    public LastGood(Path file, ControlThread control) {
        this.file = file;
        this.control = control;
    }

    /// Type URL to resources; empty when there is nothing, or nothing readable.
    public Map<String, List<Resource>> load() {
        var loaded = new LinkedHashMap<String, List<Resource>>();
        try (InputStream in = Files.newInputStream(file)) {
            for (var type = DeltaDiscoveryResponse.parseDelimitedFrom(in);
                    type != null;
                    type = DeltaDiscoveryResponse.parseDelimitedFrom(in)) {
                loaded.put(
                        type.getTypeUrl(),
                        type.getResourcesList().stream().map(Resource::of).toList());
            }
            return loaded;
        } catch (NoSuchFileException e) {
            return Map.of();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the last good configuration is not used: {0}", e.getMessage());
            return Map.of();
        }
    }

    /// Writes what is in force, now or, if the last write is too recent, soon, together with
    /// whatever else has changed by then. On the control thread.
    ///
    /// @param kept called when it has been written, or cannot be: a full folder must not stop the
    ///   mesh
    public void keep(Supplier<Map<String, Collection<Resource>>> inForce, Runnable kept) {
        waiting.add(kept);
        if (waiting.size() > 1) {
            return;
        }
        var wait = Duration.ofNanos(nextNanos - System.nanoTime());
        if (wait.isPositive()) {
            control.after(wait, () -> writeAndTell(inForce));
        } else {
            writeAndTell(inForce);
        }
    }

    private void writeAndTell(Supplier<Map<String, Collection<Resource>>> inForce) {
        long began = System.nanoTime();
        write(inForce.get());
        long ended = System.nanoTime();
        nextNanos = ended + Math.min(MOST_QUIET.toNanos(), (ended - began) * QUIET_FOR_WRITE);
        var told = List.copyOf(waiting);
        waiting.clear();
        told.forEach(Runnable::run);
    }

    private void write(Map<String, Collection<Resource>> inForce) {
        try {
            var out = new ByteArrayOutputStream();
            for (var type : inForce.entrySet()) {
                var message = DeltaDiscoveryResponse.newBuilder().setTypeUrl(type.getKey());
                for (Resource resource : type.getValue()) {
                    var kept =
                            message.addResourcesBuilder()
                                    .setName(resource.name())
                                    .setVersion(resource.version())
                                    .setResource(resource.body());
                    if (resource.ttl() != null) {
                        kept.setTtl(Durations.fromNanos(resource.ttl().toNanos()));
                    }
                }
                message.build().writeDelimitedTo(out);
            }
            AtomicFile.write(file, out.toByteArray());
        } catch (IOException e) {
            LOG.log(Level.ERROR, "the configuration could not be kept in {0}: {1}", file, e);
        }
    }
}
