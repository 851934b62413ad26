package dev.weft.proxy.telemetry;

import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The headers of one request that formats name, kept until they are written. Filled by one thread,
/// then perhaps read by another.
public final class HeaderValues {
    /// For a connection, which has no headers.
    public static final HeaderValues NONE = new HeaderValues(List.of());

    /// A longer value is cut: lines wait in a queue.
    static final int MAX_LENGTH = 8 * 1024;

    private final List<Wanted> wanted;
    private final int maxLength;
    private final @Nullable String[] values;
    private int length;

    /// Of which message.
    public enum Source {
        REQUEST,
        ANSWER,
        TRAILERS
    }

    public record Wanted(Source source, AsciiString name) {}

    public HeaderValues(List<Wanted> wanted) {
        this(wanted, MAX_LENGTH);
    }

    /// @param maxLength longer values are cut
    public HeaderValues(List<Wanted> wanted, int maxLength) {
        this.wanted = wanted;
        this.maxLength = maxLength;
        this.values = new String[wanted.size()];
    }

    /// Of several headers of a name the first one counts, as in Envoy.
    public void take(Source source, HttpHeaders headers) {
        for (int i = 0; i < values.length; i++) {
            var it = wanted.get(i);
            if (it.source() == source) {
                var value = headers.get(it.name());
                if (value != null) {
                    var kept = value.length() > maxLength ? value.substring(0, maxLength) : value;
                    values[i] = kept;
                    length += kept.length();
                }
            }
        }
    }

    @Nullable String get(int index) {
        return values[index];
    }

    /// Of all values together.
    int length() {
        return length;
    }
}
