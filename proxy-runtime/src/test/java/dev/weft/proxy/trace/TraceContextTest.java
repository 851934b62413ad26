package dev.weft.proxy.trace;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceContextTest {
    private static final String GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private final HttpHeaders headers = new DefaultHttpHeaders();

    @Test
    void what_is_read_is_written_the_same() {
        headers.set("traceparent", GOOD);

        var context = Objects.requireNonNull(TraceContext.w3c(headers));

        assertThat(context.sampled()).isTrue();
        assertThat(context.traceparent()).isEqualTo(GOOD);
    }

    @Test
    void a_child_keeps_the_trace_and_the_decision_and_has_a_span_of_its_own() {
        headers.set("traceparent", GOOD.replace("-01", "-00"));
        var parent = Objects.requireNonNull(TraceContext.w3c(headers));

        var child = parent.child(new SplittableRandom(1));

        assertThat(child.traceparent())
                .startsWith("00-0af7651916cd43dd8448eb211c80319c-")
                .endsWith("-00")
                .doesNotContain("b7ad6b7169203331");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
                "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
                "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
                "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more"
            })
    void what_is_malformed_is_no_context(String text) {
        headers.set("traceparent", text);

        assertThat(TraceContext.w3c(headers)).isNull();
    }

    @Test
    void two_contexts_are_none_and_a_later_version_may_say_more() {
        headers.add("traceparent", GOOD).add("traceparent", GOOD);
        assertThat(TraceContext.w3c(headers)).isNull();

        headers.set("traceparent", GOOD.replaceFirst("00", "01") + "-more");
        assertThat(TraceContext.w3c(headers)).isNotNull();
    }

    @Test
    void b3_is_read_in_both_its_forms() {
        headers.set("b3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90");
        assertThat(B3.of(headers).sampled()).isTrue();
        assertThat(Objects.requireNonNull(B3.of(headers).context(true)).traceparent())
                .isEqualTo("00-80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-01");

        headers.clear();
        headers.set("x-b3-traceid", "64fe8b2a57d3eff7").set("x-b3-spanid", "e457b5a2e4d86bd1");
        headers.set("x-b3-sampled", "0");
        assertThat(B3.of(headers).sampled()).isFalse();
        assertThat(Objects.requireNonNull(B3.of(headers).context(false)).traceparent())
                .isEqualTo("00-000000000000000064fe8b2a57d3eff7-e457b5a2e4d86bd1-00");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "1-2", "80f198ee56343ba8-e457b5a2e4d86bdx-1"})
    void what_is_no_b3_is_no_context(String text) {
        headers.set("b3", text);

        assertThat(B3.of(headers).context(true)).isNull();
    }
}
