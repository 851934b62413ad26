package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.weft.proxy.cluster.GrpcStatusProperty;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.config.Tables;
import dev.weft.proxy.filter.Descriptor;
import dev.weft.proxy.filter.Descriptor.Entry;
import dev.weft.proxy.filter.DescriptorLimit;
import dev.weft.proxy.filter.Fault;
import dev.weft.proxy.filter.FilterRequest;
import dev.weft.proxy.filter.LocalRateLimit;
import dev.weft.proxy.filter.RouteDescriptors;
import dev.weft.proxy.filter.TokenBucket;
import dev.weft.proxy.filter.Verdict;
import dev.weft.proxy.http.HygieneProperty;
import dev.weft.proxy.route.Fraction;
import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.route.HeaderMatch;
import dev.weft.proxy.route.MirrorPolicy;
import dev.weft.proxy.route.QueryMatch;
import dev.weft.proxy.route.RequestHead;
import dev.weft.proxy.route.RouteDecision;
import dev.weft.proxy.route.RouteTable;
import dev.weft.proxy.route.StreamLimits;
import dev.weft.proxy.route.TextMatch;
import dev.weft.proxy.telemetry.LogLineProperty;
import dev.weft.proxy.testing.Lines;
import dev.weft.proxy.trace.TraceProperty;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;

/// What clients and services say in headers is understood or left alone, and bounded. The first
/// byte, a digit, says of which headers, each line after it is one.
class HeaderValuesFuzzTest {
    private static final Pattern TIMEOUT = Pattern.compile("[0-9]{1,8}[HMSmun]");
    private static final int KINDS = 9;
    private static final List<String> DOMAINS =
            List.of("web.example", "*.example", "web.*", "[::1]", "*");
    private static final RouteTable EXACT = routes(false);
    private static final RouteTable WITHOUT_PORT = routes(true);

    private static final StreamLimits ANY_TIMEOUT =
            new StreamLimits(null, null, Duration.ZERO, Duration.ofMillis(5), false);

    private static final Fault.Settings BY_HEADERS =
            new Fault.Settings(
                    new Fault.Delay(null, Fraction.ALWAYS),
                    new Fault.Abort(null, null, Fraction.ALWAYS),
                    new Fault.Rate(null, Fraction.ALWAYS),
                    null,
                    List.of(),
                    1);

    @FuzzTest
    void values_are_understood_or_left_alone(byte[] input) {
        if (input.length == 0) {
            return;
        }
        var lines = new Lines(input, 1);
        switch (Math.floorMod(input[0] - '0', KINDS)) {
            case 0 -> TraceProperty.holds(lines.headers(0));
            case 1 -> hasADeadline(lines.get(0), lines.headers(0));
            case 2 -> HygieneProperty.waitsNoLongerThanItMay(lines.headers(0));
            case 3 -> {
                HygieneProperty.endsHop(lines.headers(0));
                HygieneProperty.believesNobody(lines.headers(0));
            }
            case 4 -> isOneHost(lines.get(0));
            case 5 -> isDisturbedWithinLimits(lines.headers(0));
            case 6 -> isCounted(lines.get(0), lines.headers(1));
            case 8 -> GrpcStatusProperty.holds(lines.get(0), lines.headers(1));
            default -> {
                LogLineProperty.holds(lines.get(0), lines.get(1), lines.headers(2));
                // Lone surrogates, too.
                var wide = new String(input, 1, input.length - 1, StandardCharsets.UTF_16BE);
                var odd = new StringBuilder();
                for (int i = 1; i + 1 < input.length; i += 2) {
                    odd.append((char) (input[i] << 8 | input[i + 1] & 0xff));
                }
                LogLineProperty.holds(wide, odd.toString(), lines.headers(2));
            }
        }
    }

    private static void hasADeadline(String value, HttpHeaders headers) {
        headers.set("grpc-timeout", value);
        var deadline = ANY_TIMEOUT.deadline(headers);
        assertThat(deadline != null).isEqualTo(TIMEOUT.matcher(value).matches());
        if (deadline != null) {
            assertThat(deadline.toNanos()).isLessThan(Long.MAX_VALUE / 2);
        }
    }

    private static RouteTable routes(boolean ignoresPort) {
        var published = new AtomicReference<Tables>(Tables.EMPTY);
        var all = RouteConfiguration.newBuilder().setName("r");
        for (var domain : DOMAINS) {
            all.addVirtualHosts(
                    VirtualHost.newBuilder()
                            .setName(domain)
                            .addDomains(domain)
                            .addRoutes(Xds.to(Xds.cluster(domain))));
        }
        all.setIgnorePortInHostMatching(ignoresPort);
        var refused =
                new ConfigStore(published::set)
                        .apply(
                                ConfigStore.ROUTES,
                                List.of(Xds.resource("r", all.build())),
                                List.of());
        assertThat(refused).isEmpty();
        return Objects.requireNonNull(published.get().routes().get("r"));
    }

    private static void isOneHost(String authority) {
        var marked = new MirrorPolicy("copy", Fraction.ALWAYS, true).hostFor(authority);
        assertThat(marked).hasSize(authority.length() + "-shadow".length());
        assertThat(chosen(EXACT, authority)).isIn(DOMAINS);
        var bare = chosen(EXACT, authority.replaceFirst(":[^:\\]]*$", ""));
        assertThat(chosen(WITHOUT_PORT, authority)).isEqualTo(bare);
        if (!authority.contains(":")) {
            assertThat(marked).isEqualTo(authority + "-shadow");
            assertThat(chosen(WITHOUT_PORT, authority + ":8080")).isEqualTo(bare);
            var copy = new MirrorPolicy("copy", Fraction.ALWAYS, true);
            assertThat(copy.hostFor(authority + ":8080")).isEqualTo(marked + ":8080");
        }
    }

    private static String chosen(RouteTable table, String authority) {
        var headers = new Lines(new byte[0], 0).headers(0);
        var decision = table.decide(new RequestHead("GET", authority, "/", headers));
        return ((RouteDecision.Forward) decision).cluster();
    }

    private static void isDisturbedWithinLimits(HttpHeaders headers) {
        var fault = new Fault(BY_HEADERS);
        for (int i = 0; i < 2; i++) {
            var rest = fault.judge(request("/", headers));
            if (rest instanceof Verdict.Counted(var then, var over)) {
                over.run();
                rest = then;
            }
            if (rest instanceof Verdict.Delay(var time, var then)) {
                assertThat(time.toNanos()).isBetween(1L, Duration.ofDays(30).toNanos());
                rest = then;
            }
            if (rest instanceof Verdict.Slow(var rate, var then)) {
                assertThat(rate).isBetween(1024L, Integer.MAX_VALUE * 1024L);
                rest = then;
            }
            if (rest instanceof Verdict.Answer answer) {
                assertThat(answer.status().code()).isBetween(200, 599);
                assertThat(answer.grpcStatus()).isNotNegative();
            } else {
                assertThat(rest).isEqualTo(Verdict.PASS);
            }
        }
    }

    private static void isCounted(String path, HttpHeaders headers) {
        var source =
                new Descriptor.Source(
                        List.of(
                                new Descriptor.RequestHeaders("x-user", "user", true),
                                new Descriptor.QueryParameters("q", "query", true),
                                new Descriptor.MaskedRemoteAddress("net", 16, 64),
                                new Descriptor.QueryParameterValueMatch(
                                        new Entry("m", "1"),
                                        List.of(new QueryMatch("p", new TextMatch.Present())),
                                        false),
                                new Descriptor.HeaderValueMatch(
                                        new Entry("h", "1"),
                                        List.of(
                                                new HeaderMatch(
                                                        "x-odd",
                                                        new TextMatch.Prefix("a", true),
                                                        false,
                                                        true)),
                                        false)),
                        0,
                        1);
        var size = new DescriptorLimit.Size(1, 1, Duration.ofSeconds(1));
        var any =
                new Descriptor(
                        List.of(
                                new Entry("user", ""),
                                new Entry("net", ""),
                                new Entry("m", "1"),
                                new Entry("h", "1")));
        var filter =
                new LocalRateLimit(
                        new LocalRateLimit.Settings(
                                new TokenBucket(2, 1, Duration.ofSeconds(1), 0),
                                new LocalRateLimit.Limits(
                                        new LocalRateLimit.Own(List.of(source)),
                                        List.of(new DescriptorLimit(any, size, 2)),
                                        true),
                                Fraction.ALWAYS,
                                Fraction.ALWAYS,
                                HttpResponseStatus.TOO_MANY_REQUESTS,
                                8,
                                HeaderEdits.NONE,
                                HeaderEdits.NONE,
                                true));
        var request = request(path, headers);
        assertThat(filter.judge(request)).isInstanceOf(Verdict.Pass.class);
        filter.judge(request);
        assertThat(filter.judge(request)).isInstanceOf(Verdict.Answer.class);
    }

    private static FilterRequest request(String path, HttpHeaders headers) {
        return new FilterRequest(
                new RequestHead("GET", "web", path, headers),
                "app",
                RouteDescriptors.NONE,
                "10.1.2.3",
                new Random(1),
                0);
    }
}
