package dev.weft.proxy.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.cluster.UpstreamStream.End;
import dev.weft.proxy.config.ChainTarget.ForwardedIdentity;
import dev.weft.proxy.downstream.Origin;
import dev.weft.proxy.route.BackOff;
import dev.weft.proxy.route.BackOff.ResetHeader;
import dev.weft.proxy.route.RetryPolicy;
import dev.weft.proxy.route.RetryPolicy.On;
import dev.weft.proxy.telemetry.Direction;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;

/// What is left of hostile headers.
public final class HygieneProperty {
    private static final Set<String> KEPT =
            Set.of("host", "content-length", "transfer-encoding", "x-forwarded-client-cert");

    private static final Duration LONGEST = Duration.ofSeconds(300);

    private static final RetryPolicy WAITS =
            new RetryPolicy(
                    Set.of(On.RATE_LIMITED),
                    1,
                    List.of(),
                    Set.of(),
                    List.of(),
                    Duration.ZERO,
                    new BackOff(
                            Duration.ofMillis(25),
                            Duration.ofMillis(250),
                            List.of(
                                    new ResetHeader("retry-after", false),
                                    new ResetHeader("x-ratelimit-reset", true)),
                            LONGEST));

    private HygieneProperty() {}

    /// What belongs to one hop stays there, what says where a message goes and ends is not lost.
    public static void endsHop(HttpHeaders headers) {
        var before = headers.copy();
        var upgrade = HeaderHygiene.endHop(headers);

        KEPT.forEach(
                name -> assertThat(headers.getAll(name)).as(name).isEqualTo(before.getAll(name)));
        assertThat(headers.getAll("connection"))
                .isEqualTo(upgrade == null ? List.of() : List.of("Upgrade"));
        assertThat(headers.getAll("upgrade"))
                .isEqualTo(upgrade == null ? List.of() : List.of(upgrade));
        assertThat(headers.contains("keep-alive")).isFalse();
        assertThat(headers.contains("proxy-connection")).isFalse();
        assertThat(headers.getAll("te")).isIn(List.of(), List.of("trailers"));
        for (var named : before.getAll("connection")) {
            for (var name : named.split(",")) {
                var lower = name.strip().toLowerCase(Locale.ROOT);
                assertThat(headers.contains(lower))
                        .as(lower)
                        .isEqualTo(
                                before.contains(lower)
                                        && (KEPT.contains(lower)
                                                || (upgrade != null
                                                        && (lower.equals("upgrade")
                                                                || lower.equals("connection")))
                                                || (lower.equals("te") && headers.contains("te"))));
            }
        }

        var once = lines(headers);
        assertThat(HeaderHygiene.endHop(headers)).isEqualTo(upgrade);
        assertThat(lines(headers)).isEqualTo(once);
    }

    private static List<String> lines(HttpHeaders headers) {
        return headers.entries().stream().map(Object::toString).sorted().toList();
    }

    /// Nobody outside the mesh speaks for it, in headers or trailers.
    public static void believesNobody(HttpHeaders headers) {
        var origin = new Origin(Direction.INBOUND, "l", new InetSocketAddress(0));
        var trailers = headers.copy();
        HeaderHygiene.sanitizeRequest(headers, origin, ForwardedIdentity.REPLACE);
        HeaderHygiene.tidyTrailers(trailers);

        for (var name : headers.names()) {
            assertThat(read(name))
                    .doesNotStartWith("x-weft-")
                    .doesNotStartWith("x-envoy-")
                    .isNotEqualTo("x-forwarded-client-cert");
        }
        for (var name : trailers.names()) {
            assertThat(read(name)).doesNotStartWith("x-weft-").isNotIn(KEPT);
            assertThat(name.toLowerCase(Locale.ROOT)).isNotIn("connection", "te", "upgrade");
        }
    }

    /// As an application may.
    private static String read(String name) {
        return name.replace('_', '-').toLowerCase(Locale.ROOT);
    }

    /// An answer cannot make a request wait for longer than its route has it.
    public static void waitsNoLongerThanItMay(HttpHeaders answer) {
        var head =
                new DefaultHttpResponse(
                        HttpVersion.HTTP_1_1, HttpResponseStatus.TOO_MANY_REQUESTS, answer);
        var pause = RetryRules.pauseAsked(WAITS, head, new Random(1));
        if (pause != null) {
            assertThat(pause).isBetween(Duration.ofNanos(1), LONGEST.plus(LONGEST.dividedBy(2)));
            assertThat(pause.toNanos()).isPositive();
        }
        assertThat(RetryRules.afterAnswer(WAITS, head))
                .isEqualTo(answer.contains("x-envoy-ratelimited"));
        assertThat(RetryRules.afterEnd(WAITS, End.TOO_LARGE, false, false, "GET")).isFalse();
    }
}
