package dev.weft.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.route.HeaderEdits.Mode;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import java.util.ArrayList;
import java.util.List;
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

    private static HeaderEdits edits(String text) {
        var sets = new ArrayList<HeaderEdits.Set>();
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
