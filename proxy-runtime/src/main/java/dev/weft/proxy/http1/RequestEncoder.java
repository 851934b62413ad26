package dev.weft.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestEncoder;
import java.nio.charset.StandardCharsets;

/// Writes the very bytes of a target that were judged: Netty reads them as ISO 8859-1 but would
/// write UTF-8, so that one byte above ASCII became two others.
public final class RequestEncoder extends HttpRequestEncoder {
    @Override
    protected void encodeInitialLine(ByteBuf out, HttpRequest request) {
        out.writeCharSequence(request.method().name(), StandardCharsets.US_ASCII);
        out.writeByte(' ');
        out.writeCharSequence(request.uri(), StandardCharsets.ISO_8859_1);
        out.writeByte(' ');
        out.writeCharSequence(request.protocolVersion().text(), StandardCharsets.US_ASCII);
        out.writeByte('\r').writeByte('\n');
    }
}
