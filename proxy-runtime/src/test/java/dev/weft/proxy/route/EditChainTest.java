package dev.weft.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.route.HeaderEdits.Mode;
import dev.weft.proxy.telemetry.HeaderFormat;
import dev.weft.proxy.telemetry.HeaderValues.Source;
import dev.weft.proxy.telemetry.HeaderValues.Wanted;
import dev.weft.proxy.telemetry.LogValue.Text;
import dev.weft.proxy.testing.KnownSoFar;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Levels are a weighted cluster's, a route's, a virtual host's and a route configuration's.
class EditChainTest {
    @ParameterizedTest
    @CsvSource({
        // sent, cluster, route, host, table, service sees
        "1, , , , , 1",
        "1, -, , , , ''",
        "1, -, +2, , , 2",
        "1, +2, -, , , ''",
        "1, , +2, -, +3, 3",
        "'', +1, +2, +3, +4, '1,2,3,4'",
        "'', =1, =2, =3, =4, 4",
        "'', =1, , =3, +4, '3,4'",
        "'', ?1, ?2, , , 1",
        "'', , !2, =3, !4, 4",
        "'', , =2, , -, ''",
        "1, , -=2, +3, , '2,3'"
    })
    void each_level_is_done_before_the_next(
            String sent, String cluster, String route, String host, String table, String seen) {
        var headers = new DefaultHttpHeaders();
        if (!sent.isEmpty()) {
            headers.add("x", sent);
        }
        // As they are put together: the outer ones when routes are compiled, the first when one is
        // drawn.
        var chain =
                EditChain.both(
                        edits(cluster),
                        EditChain.both(edits(route), EditChain.both(edits(host), edits(table))));

        chain.apply(headers);

        assertThat(String.join(",", headers.getAll("x"))).isEqualTo(seen);
        var other = new DefaultHttpHeaders();
        if (!sent.isEmpty()) {
            other.add("x", sent);
        }
        EditChain.both(
                        EditChain.both(edits(cluster), edits(route)),
                        EditChain.both(edits(host), edits(table)))
                .apply(other);
        assertThat(String.join(",", other.getAll("x"))).isEqualTo(seen);
    }

    /// A value that is written reads what came, less what its level removes.
    @Test
    void all_values_of_a_level_are_written_before_any_is_set() {
        var told =
                new HeaderEdits(
                        List.of(
                                new HeaderEdits.Set("x", "new", Mode.OVERWRITE),
                                write("seen", "x", false, Mode.OVERWRITE),
                                write("gone", "removed", false, Mode.OVERWRITE),
                                write("kept", "removed", true, Mode.OVERWRITE),
                                write("y", "x", false, Mode.APPEND),
                                write("z", "x", false, Mode.OVERWRITE_IF_EXISTS)),
                        List.of("removed"),
                        new HeaderEdits(
                                List.of(write("later", "x", false, Mode.ADD_IF_ABSENT)),
                                List.of()));
        var headers = new DefaultHttpHeaders();
        headers.set("x", "old").set("removed", "1").set("y", "1");

        var bytes = told.apply(headers, new KnownSoFar(headers, "", ""));

        assertThat(headers.entries().stream().map(it -> it.getKey() + "=" + it.getValue()))
                .containsExactlyInAnyOrder(
                        "x=new", "seen=old", "kept=", "y=1", "y=old", "later=new");
        assertThat(bytes).isEqualTo("old".length() * 3 + "new".length());
    }

    private static HeaderEdits.Edit write(String name, String from, boolean keeps, Mode mode) {
        var format =
                new HeaderFormat(
                        List.of(new Text(Text.Source.header(0), Integer.MAX_VALUE)),
                        List.of(new Wanted(Source.REQUEST, AsciiString.of(from))));
        return new HeaderEdits.Write(name, format, keeps, mode);
    }

    private static HeaderEdits edits(String text) {
        var sets = new ArrayList<HeaderEdits.Edit>();
        var removes = new ArrayList<String>();
        for (int i = 0; text != null && i < text.length(); i++) {
            var c = text.charAt(i);
            if (c == '-') {
                removes.add("x");
            } else {
                var mode =
                        switch (c) {
                            case '+' -> Mode.APPEND;
                            case '=' -> Mode.OVERWRITE;
                            case '?' -> Mode.ADD_IF_ABSENT;
                            default -> Mode.OVERWRITE_IF_EXISTS;
                        };
                sets.add(new HeaderEdits.Set("x", text.substring(++i, i + 1), mode));
            }
        }
        return text == null ? HeaderEdits.NONE : new HeaderEdits(sets, List.copyOf(removes));
    }
}
