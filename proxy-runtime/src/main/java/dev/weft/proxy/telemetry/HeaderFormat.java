package dev.weft.proxy.telemetry;

import dev.weft.proxy.telemetry.HeaderValues.Wanted;
import java.util.List;
import java.util.Objects;

/// The value of a header, made anew for each message by the operators of the access log.
///
/// @param values what is missing is left out
/// @param headers those that the values name
public record HeaderFormat(List<LogValue> values, List<Wanted> headers) {
    /// Of one value, which is cut: as much as a whole head may have where nothing is said.
    public static final int MAX_BYTES = 60 * 1024;

    private static final int USUAL_BYTES = 128;

    public HeaderFormat {
        values = List.copyOf(values);
        headers = List.copyOf(headers);
    }

    /// Its bytes, one a character; nothing that a header cannot have as its value. Empty: there is
    /// nothing to say.
    public String write(RequestSoFar request) {
        var told = request.told(headers);
        var details = Objects.requireNonNull(told.details(), "told with details");
        var out = LineBuffer.ofHeader(USUAL_BYTES);
        for (var value : values) {
            value.append(told, details, out);
            if (out.length() > MAX_BYTES) {
                break;
            }
        }
        return out.toFieldValue(MAX_BYTES);
    }
}
