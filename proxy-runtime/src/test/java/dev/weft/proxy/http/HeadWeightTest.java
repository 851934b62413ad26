package dev.weft.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import org.junit.jupiter.api.Test;

class HeadWeightTest {
    private final DefaultHttpRequest request =
            new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.POST, "/");

    /// As measured.
    @Test
    void a_small_request_counts_with_all_that_is_made_for_it() {
        request.headers().set("host", "a").set("x", "y");

        assertThat(HeadWeight.bytes(request)).isBetween(1_243L, 1_500L);
    }

    @Test
    void a_field_counts_with_more_than_its_bytes() {
        var before = HeadWeight.bytes(request);

        request.headers().set("a", "");

        assertThat(HeadWeight.bytes(request) - before).isGreaterThan(100);
    }
}
