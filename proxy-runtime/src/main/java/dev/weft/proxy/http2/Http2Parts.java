package dev.weft.proxy.http2;

import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;

/// Parts of a body as frames.
public final class Http2Parts {
    private Http2Parts() {}

    /// Takes the part. The last one ends the stream, by its trailers if it has some.
    public static void write(Channel stream, HttpContent part) {
        if (!(part instanceof LastHttpContent last)) {
            stream.write(new DefaultHttp2DataFrame(part.content()));
        } else if (last.trailingHeaders().isEmpty()) {
            stream.write(new DefaultHttp2DataFrame(last.content(), true));
        } else {
            var trailers = Http2Messages.block(last.trailingHeaders());
            if (last.content().isReadable()) {
                stream.write(new DefaultHttp2DataFrame(last.content()));
            } else {
                last.release();
            }
            stream.write(new DefaultHttp2HeadersFrame(trailers, true));
        }
    }
}
