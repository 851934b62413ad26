package dev.weft.proxy.accept;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Which server a ClientHello asks for.
class ClientHelloTest {
    private static final byte[] H2 = Hellos.speaking("h2");

    @Test
    void the_name_is_told_in_lower_case() {
        assertThat(read(Hellos.of(Hellos.asking("Www.EXAMPLE.com"), H2)))
                .isEqualTo(new ClientHello(List.of("h2"), "www.example.com", false));
    }

    @Test
    void the_order_of_the_extensions_does_not_matter() {
        assertThat(read(Hellos.of(H2, Hellos.asking("a.b"))))
                .isEqualTo(read(Hellos.of(Hellos.asking("a.b"), H2)));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 7, 50})
    void it_may_be_spread_over_records_and_segments(int length) {
        var hello = Hellos.inRecords(Hellos.handshake(Hellos.asking("a.example.com"), H2), length);

        for (int seen = 1; seen < hello.length; seen++) {
            assertThat(read(Arrays.copyOf(hello, seen))).as("%d bytes", seen).isNull();
        }
        assertThat(read(hello)).isEqualTo(new ClientHello(List.of("h2"), "a.example.com", false));
    }

    @Test
    void one_that_asks_for_nobody_has_no_name() {
        assertThat(read(Hellos.of(H2))).isEqualTo(new ClientHello(List.of("h2"), "", false));
        assertThat(read(Hellos.of())).isEqualTo(new ClientHello(List.of(), "", false));
    }

    static Stream<byte[]> noNames() {
        return Stream.of(
                Hellos.asking(""),
                Hellos.asking("a.example.com\u0000"),
                Hellos.asking("a.example.com\u0000.b.example.com"),
                Hellos.asking("a".repeat(256)),
                Hellos.asking("\u00fc.example.com"),
                Hellos.asking("a b.example.com"),
                Hellos.asking("a\u007f.example.com"),
                named(Hellos.list()),
                named(Hellos.list(Hellos.entry(1, "a.example.com"))),
                named(
                        Hellos.list(
                                Hellos.entry(0, "a.example.com"),
                                Hellos.entry(0, "b.example.com"))),
                named(
                        Hellos.list(
                                Hellos.entry(0, "a.example.com"),
                                Hellos.entry(1, "b.example.com"))),
                named(new byte[0]),
                named(new byte[] {0}),
                named(new byte[] {0, 5, 0, 0, 2, 'a'}),
                named(new byte[] {0, 9, 0, 0, 1, 'a'}),
                named(new byte[] {0, 4, 0, 0, 1, 'a', 'b'}),
                named(new byte[] {0, 5, 0, 0, 1, 'a', 'b'}),
                named(new byte[] {0, 4, 0, 0, 2, 'a'}));
    }

    @ParameterizedTest
    @MethodSource("noNames")
    void what_cannot_be_a_servers_name_is_none_and_it_is_tls_still(byte[] extension) {
        assertThat(read(Hellos.of(extension, H2)))
                .isEqualTo(new ClientHello(List.of("h2"), "", false));
    }

    @Test
    void of_two_names_none_counts_whichever_the_server_would_take() {
        assertThat(read(Hellos.of(Hellos.asking("a.b"), H2, Hellos.asking("c.d"))))
                .isEqualTo(new ClientHello(List.of("h2"), "", false));
        assertThat(read(Hellos.of(Hellos.asking("a.b"), H2, Hellos.asking("a.b"), H2)))
                .isEqualTo(new ClientHello(List.of("h2"), "", false));
    }

    @Test
    void a_name_may_be_as_long_as_any_server_takes_it() {
        var name = "a".repeat(255);

        assertThat(read(Hellos.of(Hellos.asking(name)))).extracting("serverName").isEqualTo(name);
    }

    @Test
    void extensions_that_are_longer_than_the_hello_make_it_malformed() {
        var hello = Hellos.of(Hellos.asking("a.b"), H2);
        hello[hello.length - H2.length + 3]++;

        assertThat(read(hello)).extracting("malformed").isEqualTo(true);
    }

    /// What is sniffed must not depend on how much comes with one read.
    @Test
    void how_much_of_it_is_looked_at_does_not_depend_on_how_it_comes() {
        var most = Hellos.of(Hellos.asking("a.b"), Hellos.padding(padding(Sniffer.MAX_BYTES)));
        var more = Hellos.of(Hellos.asking("a.b"), Hellos.padding(padding(Sniffer.MAX_BYTES + 1)));
        assertThat(most).hasSize(Sniffer.MAX_BYTES);
        assertThat(more).hasSize(Sniffer.MAX_BYTES + 1);

        assertThat(read(most)).extracting("serverName").isEqualTo("a.b");
        assertThat(read(Arrays.copyOf(most, 2 * most.length))).isEqualTo(read(most));
        assertThat(read(more)).isNull();
        assertThat(read(Arrays.copyOf(more, Sniffer.MAX_BYTES))).isNull();
    }

    private static int padding(int total) {
        return total - Hellos.of(Hellos.asking("a.b")).length;
    }

    private static byte[] named(byte[] body) {
        return Hellos.extension(Hellos.SERVER_NAME, body);
    }

    private static @Nullable ClientHello read(byte[] bytes) {
        var seen = Unpooled.wrappedBuffer(bytes);
        var hello = ClientHello.read(seen);
        assertThat(seen.readableBytes()).isEqualTo(bytes.length);
        return hello;
    }
}
