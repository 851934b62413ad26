package dev.weft.proxy.route;

import dev.weft.proxy.telemetry.HeaderFormat;
import dev.weft.proxy.telemetry.RequestSoFar;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Changes to the headers of a request or an answer: removals first, then additions in their order,
/// then what another level wants.
///
/// @param then of the next level; null: this is the last
public record HeaderEdits(List<Edit> edits, List<String> removes, @Nullable HeaderEdits then) {
    public static final HeaderEdits NONE = new HeaderEdits(List.of(), List.of());

    private static final RequestSoFar OWN =
            _ -> {
                throw new IllegalStateException("a format in a request of the proxy's own");
            };

    /// What to do when the header is there already.
    public enum Mode {
        APPEND,
        OVERWRITE,
        ADD_IF_ABSENT,
        OVERWRITE_IF_EXISTS
    }

    /// One header, and how it is set.
    public sealed interface Edit {
        String name();

        Mode mode();
    }

    /// To the same for every message.
    public record Set(String name, String value, Mode mode) implements Edit {}

    /// To what is made for each message.
    ///
    /// @param keepsEmpty it is set even if there is nothing to say
    public record Write(String name, HeaderFormat format, boolean keepsEmpty, Mode mode)
            implements Edit {}

    public HeaderEdits {
        edits = List.copyOf(edits);
        removes = List.copyOf(removes);
    }

    public HeaderEdits(List<Edit> edits, List<String> removes) {
        this(edits, removes, null);
    }

    /// To a request of the proxy's own, for which nothing is compiled that would need another.
    public void apply(HttpHeaders headers) {
        apply(headers, OWN);
    }

    /// @return how many bytes formats have made
    public long apply(HttpHeaders headers, RequestSoFar request) {
        long bytes = 0;
        for (var level = this; level != null; level = level.then) {
            bytes += level.applyOwn(headers, request);
        }
        return bytes;
    }

    private long applyOwn(HttpHeaders headers, RequestSoFar request) {
        for (var name : removes) {
            headers.remove(name);
        }
        long bytes = 0;
        var written = write(request);
        for (int i = 0; i < edits.size(); i++) {
            switch (edits.get(i)) {
                case Set(var name, var value, var mode) -> set(headers, name, value, mode);
                case Write it -> {
                    var value = written == null ? null : written[i];
                    if (value != null) {
                        set(headers, it.name(), value, it.mode());
                        bytes += value.length();
                    }
                }
            }
        }
        return bytes;
    }

    /// All values of a level are made before any is set, as in Envoy.
    private @Nullable String @Nullable [] write(RequestSoFar request) {
        @Nullable String @Nullable [] written = null;
        for (int i = 0; i < edits.size(); i++) {
            if (edits.get(i) instanceof Write it) {
                var value = it.format().write(request);
                if (!value.isEmpty() || it.keepsEmpty()) {
                    written = written == null ? new String[edits.size()] : written;
                    written[i] = value;
                }
            }
        }
        return written;
    }

    private static void set(HttpHeaders headers, String name, String value, Mode mode) {
        switch (mode) {
            case APPEND -> headers.add(name, value);
            case OVERWRITE -> headers.set(name, value);
            case ADD_IF_ABSENT -> {
                if (!headers.contains(name)) {
                    headers.set(name, value);
                }
            }
            case OVERWRITE_IF_EXISTS -> {
                if (headers.contains(name)) {
                    headers.set(name, value);
                }
            }
        }
    }
}
