package dev.weft.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.proxy.syntax.Tokens;
import dev.weft.proxy.telemetry.HeaderValues.Wanted;
import dev.weft.proxy.telemetry.LogValue.Literal;
import dev.weft.proxy.telemetry.LogValue.Text;
import dev.weft.proxy.testing.KnownSoFar;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HeaderFormatTest {
    private static final Wanted X = new Wanted(HeaderValues.Source.REQUEST, AsciiString.of("x"));
    private static final Text OF_X = new Text(Text.Source.header(0), Integer.MAX_VALUE);

    private final HttpHeaders headers = new DefaultHttpHeaders(false);
    private String route = "";
    private String cluster = "";

    @Test
    void what_is_missing_is_left_out() {
        assertThat(write(OF_X)).isEmpty();
        assertThat(write(Literal.bytes("a-"), OF_X, Literal.bytes("-b"))).isEqualTo("a--b");
    }

    @Test
    void space_at_the_ends_is_no_part_of_a_value() {
        headers.set("x", "\t a b");

        assertThat(write(Literal.bytes(" "), OF_X, Literal.bytes(" \t"))).isEqualTo("a b");
        assertThat(write(Literal.bytes(" \t "))).isEmpty();
    }

    /// RFC 9110, 5.5. Nothing that comes has such a character: this is the last who could see it.
    @Test
    void a_character_that_no_value_can_have_becomes_a_space() {
        for (int c = 0; c <= 0x200; c++) {
            headers.set("x", "a" + (char) c + "b");

            var value = write(OF_X);

            var isByte = (c >= ' ' && c != 0x7f && c <= 0xff) || c == '\t';
            assertThat(value).isEqualTo("a" + (isByte ? (char) c : ' ') + "b");
            assertThat(Tokens.isFieldValue(value)).isTrue();
        }
    }

    @Test
    void nothing_is_escaped() {
        headers.set("x", "\"a\\b\" é");

        assertThat(write(OF_X)).isEqualTo("\"a\\b\" é");
    }

    /// They are the configuration's, which has characters: a header has their bytes.
    @Test
    void names_are_utf_8() {
        route = "ä";
        cluster = "\u20ac\n";

        assertThat(write(LogField.ROUTE_NAME, Literal.bytes(":"), LogField.UPSTREAM_CLUSTER))
                .isEqualTo("\u00c3\u00a4:\u00e2\u0082\u00ac");
    }

    @Test
    void a_value_is_as_long_as_a_whole_head_may_be_and_no_longer() {
        headers.set("x", "v".repeat(HeaderFormat.MAX_BYTES - 1));
        assertThat(write(OF_X)).hasSize(HeaderFormat.MAX_BYTES - 1);

        headers.set("x", "v".repeat(HeaderFormat.MAX_BYTES + 1));
        assertThat(write(OF_X, OF_X, OF_X)).hasSize(HeaderFormat.MAX_BYTES);
    }

    @ParameterizedTest
    @CsvSource({
        "%s.%3f, 1767323099.000",
        "%s%f, 1767323099000123999",
        "%Y/%m/%d %H:%M:%S %1f %z, 2026/01/02 03:04:59 0 +0000",
        "%FT%T.%6fZ %Z%%, 2026-01-02T03:04:59.000123Z UTC%",
        "at, at"
    })
    void a_start_is_written_as_it_is_asked_for(String pattern, String written) {
        assertThat(write(StartTime.of(pattern))).isEqualTo(written);
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "%q", "%0f", "%10f", "%3", "%E", "a%"})
    void an_unknown_part_of_a_start_is_refused(String pattern) {
        assertThatThrownBy(() -> StartTime.of(pattern))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private String write(LogValue... values) {
        return new HeaderFormat(List.of(values), List.of(X))
                .write(new KnownSoFar(headers, route, cluster));
    }
}
