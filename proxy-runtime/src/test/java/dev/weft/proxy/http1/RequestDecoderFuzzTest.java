package dev.weft.proxy.http1;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.weft.proxy.http1.StrictRequestDecoder.Turns;
import dev.weft.proxy.testing.Cuts;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.List;

/// Requests mean the same however their bytes are cut into reads, and what is sent on is what was
/// judged: no more requests, no other ones.
class RequestDecoderFuzzTest {
    /// More than inputs have: whether the CR of a line that is exactly as long as the limit counts
    /// depends on whether it comes with the line.
    private static final int MAX_HEADER_BYTES = 64 * 1024;

    private static final int MAX_FIELDS = 1000;

    @FuzzTest
    void requests_mean_one_thing(byte[] bytes) {
        var tellings = Cuts.of(bytes).stream().map(RequestDecoderFuzzTest::read).toList();
        assertThat(tellings.get(1)).isEqualTo(tellings.get(0));
        assertThat(tellings.get(2)).isEqualTo(tellings.get(0));

        sentOnAsJudged(bytes);
    }

    private static Told read(List<ByteBuf> pieces) {
        var channel =
                new EmbeddedChannel(
                        new StrictRequestDecoder(MAX_HEADER_BYTES, MAX_FIELDS, Turns.ANY));
        Cuts.read(channel, pieces);
        var told = Told.by(channel);
        channel.finishAndReleaseAll();
        return told;
    }

    private static void sentOnAsJudged(byte[] bytes) {
        var in =
                new EmbeddedChannel(
                        new StrictRequestDecoder(MAX_HEADER_BYTES, MAX_FIELDS, Turns.ANY));
        in.writeInbound(Unpooled.copiedBuffer(bytes));
        var judged = new ArrayList<String>();
        var out = new EmbeddedChannel(new RequestEncoder());
        for (HttpObject part = in.readInbound(); part != null; part = in.readInbound()) {
            var refused = part.decoderResult().isFailure();
            if (!refused && part instanceof HttpRequest head) {
                var authority = RequestRules.authority(head);
                if (authority == null) {
                    refused = true;
                } else {
                    assertThat(head.uri()).matches("(?s)/.*|\\*");
                    assertThat(head.headers().getAll("host")).containsExactly(authority);
                    judged.add(Told.start(head) + Told.fields(head.headers()));
                }
            }
            if (refused) {
                ReferenceCountUtil.release(part);
                break;
            }
            out.writeOutbound(part instanceof HttpContent body ? body : part);
        }
        in.finishAndReleaseAll();
        readAgain(out, judged);
    }

    private static void readAgain(EmbeddedChannel sent, List<String> judged) {
        // Lines may be a little longer than what was read: an absolute target becomes path and
        // host.
        var next =
                new EmbeddedChannel(
                        new StrictRequestDecoder(4 * MAX_HEADER_BYTES, 2 * MAX_FIELDS, Turns.ANY));
        for (ByteBuf bytes = sent.readOutbound(); bytes != null; bytes = sent.readOutbound()) {
            next.writeInbound(bytes);
        }
        var read = new ArrayList<String>();
        for (HttpObject part = next.readInbound(); part != null; part = next.readInbound()) {
            assertThat(part.decoderResult().isSuccess()).isTrue();
            if (part instanceof HttpRequest head) {
                read.add(Told.start(head) + Told.fields(head.headers()));
            }
            ReferenceCountUtil.release(part);
        }
        sent.finishAndReleaseAll();
        next.finishAndReleaseAll();
        assertThat(read).isEqualTo(judged);
    }
}
