package dev.weft.proxy.filter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.filter.Descriptor.Action;
import dev.weft.proxy.filter.Descriptor.Entry;
import dev.weft.proxy.filter.DescriptorLimit.Size;
import dev.weft.proxy.route.HeaderMatch;
import dev.weft.proxy.route.QueryMatch;
import dev.weft.proxy.route.RequestHead;
import dev.weft.proxy.route.TextMatch;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DescriptorTest {
    @Test
    void each_action_adds_what_it_finds() {
        var source =
                new Descriptor.Source(
                        List.of(
                                new Descriptor.GenericKey(new Entry("kind", "search")),
                                new Descriptor.RequestHeaders(":method", "method", false),
                                new Descriptor.RequestHeaders("x-user", "user", false),
                                new Descriptor.QueryParameters("q", "query", false),
                                new Descriptor.RemoteAddress("remote_address"),
                                new Descriptor.DestinationCluster("destination_cluster")));

        assertThat(source.describe(request("/find?q=shoes", "x-user", "ann")))
                .isEqualTo(
                        descriptor(
                                "kind", "search",
                                "method", "GET",
                                "user", "ann",
                                "query", "shoes",
                                "remote_address", "10.0.0.7",
                                "destination_cluster", "shop"));
    }

    @Test
    void what_is_absent_is_skipped_or_leaves_no_descriptor() {
        assertThat(describe(new Descriptor.RequestHeaders("x-user", "user", false), "/")).isNull();
        assertThat(describe(new Descriptor.QueryParameters("q", "query", false), "/")).isNull();
        assertThat(
                        new Descriptor.Source(
                                        List.of(
                                                new Descriptor.RequestHeaders("x-a", "a", true),
                                                new Descriptor.QueryParameters("q", "b", true),
                                                new Descriptor.GenericKey(new Entry("c", "1"))))
                                .describe(request("/")))
                .isEqualTo(descriptor("c", "1"));
        assertThat(describe(new Descriptor.RequestHeaders("x-a", "a", true), "/")).isNull();
    }

    @Test
    void headers_must_match_or_must_not() {
        var get =
                List.of(
                        new HeaderMatch(
                                ":method", new TextMatch.Exact("GET", false), false, false));
        var entry = new Entry("header_match", "read");

        assertThat(describe(new Descriptor.HeaderValueMatch(entry, get, true), "/")).isNotNull();
        assertThat(describe(new Descriptor.HeaderValueMatch(entry, get, false), "/")).isNull();
    }

    @Test
    void parameters_must_match_or_must_not() {
        var shoes = List.of(new QueryMatch("q", new TextMatch.Exact("shoes", false)));
        var entry = new Entry("query_match", "shoes");
        var matches = new Descriptor.QueryParameterValueMatch(entry, shoes, true);
        var differs = new Descriptor.QueryParameterValueMatch(entry, shoes, false);

        assertThat(describe(matches, "/?q=shoes")).isEqualTo(descriptor("query_match", "shoes"));
        assertThat(describe(matches, "/?q=hats")).isNull();
        assertThat(describe(differs, "/?q=shoes")).isNull();
        assertThat(describe(differs, "/?q=hats")).isEqualTo(descriptor("query_match", "shoes"));
    }

    @ParameterizedTest
    @CsvSource({
        "192.168.1.77, 24, 192.168.1.0/24",
        "192.168.1.77, 20, 192.168.0.0/20",
        "192.168.1.77, 32, 192.168.1.77/32",
        "192.168.1.77, 0, 0.0.0.0/0",
        "255.255.255.255, 1, 128.0.0.0/1",
        "2001:abcd:ef01:2345:6789:abcd:ef01:234, 64, 2001:abcd:ef01:2345::/64",
        "2001:abcd:ef01:2345:6789:abcd:ef01:234, 128, 2001:abcd:ef01:2345:6789:abcd:ef01:234/128"
    })
    void of_an_address_its_network_counts(String address, int bits, String network) {
        var masked = new Descriptor.MaskedRemoteAddress("network", bits, bits);

        assertThat(new Descriptor.Source(List.of(masked)).describe(from(address)))
                .isEqualTo(descriptor("network", network));
        assertThat(new Descriptor.Source(List.of(masked)).describe(from(null))).isNull();
    }

    @Test
    void a_limit_is_about_exactly_its_entries() {
        var limit = new DescriptorLimit(descriptor("a", "1", "b", ""), size(1), 10);

        assertThat(limit.bucket(descriptor("a", "1", "b", "x"), 0)).isNotNull();
        assertThat(limit.bucket(descriptor("a", "2", "b", "x"), 0)).isNull();
        assertThat(limit.bucket(descriptor("b", "x", "a", "1"), 0)).isNull();
        assertThat(limit.bucket(descriptor("a", "1"), 0)).isNull();
        assertThat(limit.bucket(descriptor("a", "1", "b", "x", "c", "y"), 0)).isNull();
    }

    @Test
    void as_many_values_are_told_apart_as_it_may_remember() {
        var limit = new DescriptorLimit(descriptor("user", ""), size(1), 2);
        assertThat(takes(limit, "ann")).isTrue();
        assertThat(takes(limit, "bob")).isTrue();
        assertThat(takes(limit, "ann")).isFalse();

        assertThat(takes(limit, "cid")).isTrue();
        assertThat(takes(limit, "ann")).isFalse();
        assertThat(takes(limit, "bob")).isTrue();
    }

    private static boolean takes(DescriptorLimit limit, String user) {
        return Objects.requireNonNull(limit.bucket(descriptor("user", user), 0)).tryTake(0);
    }

    private static Size size(long tokens) {
        return new Size(tokens, 1, Duration.ofHours(1));
    }

    private static @Nullable Descriptor describe(Action action, String path) {
        return new Descriptor.Source(List.of(action)).describe(request(path));
    }

    private static Descriptor descriptor(String... keysAndValues) {
        var entries = new ArrayList<Entry>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            entries.add(new Entry(keysAndValues[i], keysAndValues[i + 1]));
        }
        return new Descriptor(entries);
    }

    private static FilterRequest request(String path, String... headers) {
        var all = new DefaultHttpHeaders();
        for (int i = 0; i < headers.length; i += 2) {
            all.add(headers[i], headers[i + 1]);
        }
        return request(new RequestHead("GET", "shop", path, all), "10.0.0.7");
    }

    private static FilterRequest from(@Nullable String address) {
        return request(new RequestHead("GET", "shop", "/", new DefaultHttpHeaders()), address);
    }

    private static FilterRequest request(RequestHead head, @Nullable String address) {
        return new FilterRequest(
                head, "shop", RouteDescriptors.NONE, address, new SplittableRandom(1), 0);
    }
}
