package dev.weft.proxy.accept;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.weft.proxy.config.Sniffed;
import dev.weft.proxy.http1.StrictRequestDecoder;
import dev.weft.proxy.http1.StrictRequestDecoder.Turns;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.Condition;
import org.jspecify.annotations.Nullable;

/// First bytes are the same thing however many of them have come, and what an HTTP server would
/// read as a request is never taken for opaque bytes.
class SnifferFuzzTest {
    /// More than is looked at.
    private static final int MAX_HEADER_BYTES = 4 * Sniffer.MAX_BYTES;

    @FuzzTest
    void first_bytes_are_one_thing(byte[] bytes) {
        for (var inspectors : List.of(new boolean[] {true, true}, new boolean[] {false, true})) {
            var whole = look(bytes, bytes.length, inspectors);
            for (int length = 0; length < Math.min(bytes.length, 512); length++) {
                var earlier = look(bytes, length, inspectors);
                if (earlier != null) {
                    assertThat(whole).as("%d bytes", length).isEqualTo(earlier);
                }
            }
            if (isRequest(bytes)) {
                assertThat(whole).is(http());
                isJudgedEarly(withLongTarget(bytes), inspectors);
            }
        }
    }

    /// Before its first line has come to its end.
    private static void isJudgedEarly(byte[] bytes, boolean... inspectors) {
        if (isRequest(bytes)) {
            assertThat(look(bytes, Sniffer.MAX_BYTES, inspectors)).is(http());
            assertThat(look(bytes, bytes.length, inspectors)).is(http());
        }
    }

    private static Condition<@Nullable Sniffed> http() {
        return new Condition<>(
                sniffed -> sniffed != null && !sniffed.protocols().isEmpty(), "HTTP");
    }

    /// Its first line is longer than what is looked at: more comes before its last blank.
    private static byte[] withLongTarget(byte[] bytes) {
        var text = new String(bytes, StandardCharsets.ISO_8859_1);
        var end = text.stripLeading().indexOf('\n') + text.length() - text.stripLeading().length();
        var at = Math.max(0, text.lastIndexOf(' ', end));
        var longer = text.substring(0, at) + "a".repeat(Sniffer.MAX_BYTES) + text.substring(at);
        return longer.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static @Nullable Sniffed look(byte[] bytes, int length, boolean... inspectors) {
        var seen = Unpooled.wrappedBuffer(Arrays.copyOf(bytes, length));
        var sniffed = Sniffer.look(seen, inspectors[0], inspectors[1]);
        assertThat(seen.readableBytes()).isEqualTo(length);
        return sniffed;
    }

    private static boolean isRequest(byte[] bytes) {
        var channel =
                new EmbeddedChannel(new StrictRequestDecoder(MAX_HEADER_BYTES, 100, Turns.ANY));
        channel.writeInbound(Unpooled.copiedBuffer(bytes));
        var head = channel.readInbound();
        var read = head instanceof HttpRequest request && request.decoderResult().isSuccess();
        io.netty.util.ReferenceCountUtil.release(head);
        channel.finishAndReleaseAll();
        return read;
    }
}
