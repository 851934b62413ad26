package dev.weft.proxy.config;

import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.route.HeaderEdits.Edit;
import dev.weft.proxy.route.HeaderEdits.Mode;
import dev.weft.proxy.syntax.Tokens;
import dev.weft.proxy.telemetry.HeaderFormat;
import dev.weft.proxy.telemetry.LogValue.Literal;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.HeaderValueOption;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Compiles edits of headers. What could make one message two is refused: nobody looks at a header
/// again after it was edited. A value with command operators becomes a format, any other a
/// constant.
final class HeaderEditCompiler {
    /// Headers that say where a message ends, or that belong to one connection (RFC 9110, 7.6.1).
    private static final Set<String> FRAMING =
            Set.of(
                    "connection",
                    "content-length",
                    "http2-settings",
                    "keep-alive",
                    "proxy-connection",
                    "te",
                    "trailer",
                    "transfer-encoding",
                    "upgrade");

    private HeaderEditCompiler() {}

    static HeaderEdits request(String place, List<HeaderValueOption> adds, List<String> removes) {
        return edits(Moment.REQUEST, place + ".request_headers", adds, removes);
    }

    static HeaderEdits answer(String place, List<HeaderValueOption> adds, List<String> removes) {
        return edits(Moment.ANSWER, place + ".response_headers", adds, removes);
    }

    /// For requests that the proxy makes itself: there is no client of whom values could tell.
    static HeaderEdits own(String place, List<HeaderValueOption> adds, List<String> removes) {
        return edits(Moment.OWN, place + ".request_headers", adds, removes);
    }

    private static HeaderEdits edits(
            Moment moment, String fields, List<HeaderValueOption> adds, List<String> removes) {
        return edits(moment, fields + "_to_add", adds, fields + "_to_remove", removes);
    }

    /// @param place of the field itself
    static HeaderEdits adding(Moment moment, String place, List<HeaderValueOption> adds) {
        return edits(moment, place, adds, place, List.of());
    }

    /// Values as they stand: there are no `%COMMAND%`s in them.
    ///
    /// @param place of the field itself
    static HeaderEdits metadata(String place, List<HeaderValue> values) {
        var sets = new ArrayList<Edit>();
        for (var it : values) {
            sets.add(
                    new HeaderEdits.Set(
                            name(place, it.getKey()), text(place, it.getValue()), Mode.APPEND));
        }
        return new HeaderEdits(sets, List.of());
    }

    private static HeaderEdits edits(
            Moment moment,
            String addPlace,
            List<HeaderValueOption> adds,
            String removePlace,
            List<String> removes) {
        if (adds.isEmpty() && removes.isEmpty()) {
            return HeaderEdits.NONE;
        }
        var edits = new ArrayList<Edit>();
        for (var add : adds) {
            var edit = edit(moment, addPlace, add);
            if (!(edit instanceof HeaderEdits.Set set)
                    || !set.value().isEmpty()
                    || add.getKeepEmptyValue()) {
                edits.add(edit);
            }
        }
        // As in Envoy: what overwrites comes first, whatever the order.
        edits.sort(Comparator.comparing(edit -> !overwrites(edit.mode())));
        return new HeaderEdits(edits, removes.stream().map(it -> name(removePlace, it)).toList());
    }

    private static Edit edit(Moment moment, String place, HeaderValueOption add) {
        var name = name(place, add.getHeader().getKey());
        var text = text(place, add.getHeader().getValue());
        var mode = mode(place, add);
        if (text.replace("%%", "").indexOf('%') < 0) {
            return new HeaderEdits.Set(name, text.replace("%%", "%"), mode);
        }
        var operators = new OperatorCompiler(moment);
        var values = operators.values(place + " header " + name, text, Literal::bytes);
        return new HeaderEdits.Write(
                name, new HeaderFormat(values, operators.headers()), add.getKeepEmptyValue(), mode);
    }

    private static boolean overwrites(Mode mode) {
        return mode == Mode.OVERWRITE || mode == Mode.OVERWRITE_IF_EXISTS;
    }

    private static Mode mode(String place, HeaderValueOption add) {
        if (add.hasAppend()) {
            return add.getAppend().getValue() ? Mode.APPEND : Mode.OVERWRITE;
        }
        return switch (add.getAppendAction()) {
            case APPEND_IF_EXISTS_OR_ADD -> Mode.APPEND;
            case OVERWRITE_IF_EXISTS_OR_ADD -> Mode.OVERWRITE;
            case ADD_IF_ABSENT -> Mode.ADD_IF_ABSENT;
            case OVERWRITE_IF_EXISTS -> Mode.OVERWRITE_IF_EXISTS;
            case UNRECOGNIZED -> throw Rejected.at(place, "append_action is not known");
        };
    }

    private static String name(String place, String name) {
        var lower = name.toLowerCase(Locale.ROOT);
        if (lower.startsWith(":") || lower.equals("host")) {
            throw Rejected.at(place, "header " + name + " can only be changed by a rewrite");
        }
        if (!Tokens.isToken(name)) {
            throw Rejected.at(place, "'" + Rejected.quoted(name) + "' is not the name of a header");
        }
        if (FRAMING.contains(lower)) {
            throw Rejected.at(
                    place,
                    "header "
                            + lower
                            + " says where a message ends, or belongs to one connection: it cannot"
                            + " be changed, leave it out");
        }
        return lower;
    }

    /// Its bytes, one a character, as headers are held. Space around it is no part of it.
    private static String text(String place, String value) {
        var bytes =
                new String(value.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1)
                        .replaceAll("^[ \t]+|[ \t]+$", "");
        if (!Tokens.isFieldValue(bytes)) {
            throw Rejected.at(
                    place, "header value '" + Rejected.quoted(value) + "' has a control character");
        }
        return bytes;
    }
}
