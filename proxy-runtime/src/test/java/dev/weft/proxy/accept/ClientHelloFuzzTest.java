package dev.weft.proxy.accept;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Whatever extensions a ClientHello has, it asks for the same server in whatever records it comes,
/// and for one only by a name of printable ASCII.
class ClientHelloFuzzTest {
    /// As many as also in records of one byte are looked at.
    private static final int MOST = 2000;

    /// @param input how long the records are, then the extensions
    @FuzzTest
    void a_hello_asks_for_one_server_or_none(byte[] input) {
        if (input.length < 2 || input.length > MOST) {
            return;
        }
        var extensions = Arrays.copyOfRange(input, 1, input.length);
        var handshake = Hellos.handshake(extensions);
        var records = Hellos.inRecords(handshake, Math.max(1, input[0] & 0xff));

        var hello = Objects.requireNonNull(read(records));

        assertThat(hello).isEqualTo(read(Hellos.inRecords(handshake, 1 << 14)));
        assertThat(read(Arrays.copyOf(records, records.length - 1))).isNull();
        if (!hello.serverName().isEmpty()) {
            assertThat(hello.serverName()).hasSizeLessThan(256).matches("[!-~&&[^A-Z]]+");
            assertThat(new String(extensions, ISO_8859_1).toLowerCase(Locale.ROOT))
                    .contains(hello.serverName());
        }
    }

    private static @Nullable ClientHello read(byte[] bytes) {
        return ClientHello.read(Unpooled.wrappedBuffer(bytes));
    }
}
