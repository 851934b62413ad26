package dev.weft.proxy.http1;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.weft.proxy.testing.Cuts;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpMethod;
import java.util.List;
import java.util.stream.Stream;

/// An answer means the same however its bytes are cut into reads, and what came with it beyond its
/// end is noticed.
class ResponseDecoderFuzzTest {
    private static final int MAX_BYTES = 1024;
    private static final int MAX_FIELDS = 100;

    @FuzzTest
    void an_answer_means_one_thing(byte[] bytes) {
        for (var method : List.of(HttpMethod.GET, HttpMethod.HEAD)) {
            atOnce(method, bytes);
            var tellings = Cuts.of(bytes).stream().map(pieces -> read(method, pieces)).toList();
            assertThat(tellings.get(1)).isEqualTo(tellings.get(0));
            assertThat(tellings.get(2)).isEqualTo(tellings.get(0));
        }
    }

    private static void atOnce(HttpMethod asked, byte[] bytes) {
        var decoder = new StrictResponseDecoder(MAX_BYTES, MAX_BYTES, MAX_FIELDS);
        var told = read(decoder, asked, List.of(Unpooled.copiedBuffer(bytes)));
        var answers = told.messages().stream().filter(each -> !isInformational(each)).count();
        assertThat(answers > 1 && !decoder.hasExcess())
                .as("a second answer that nobody noticed, among %s", told)
                .isFalse();
    }

    private static Told read(HttpMethod asked, List<ByteBuf> pieces) {
        return read(new StrictResponseDecoder(MAX_BYTES, MAX_BYTES, MAX_FIELDS), asked, pieces);
    }

    private static Told read(
            StrictResponseDecoder decoder, HttpMethod asked, List<ByteBuf> pieces) {
        decoder.asked(asked);
        var channel = new EmbeddedChannel(decoder);
        Cuts.read(channel, pieces);
        var told = Told.by(channel);
        channel.finishAndReleaseAll();
        return told;
    }

    private static boolean isInformational(Told.Message message) {
        return Stream.of("HTTP/1.0 1", "HTTP/1.1 1").anyMatch(message.start()::startsWith)
                && !message.start().endsWith(" 101");
    }
}
