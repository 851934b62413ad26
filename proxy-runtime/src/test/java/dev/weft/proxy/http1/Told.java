package dev.weft.proxy.http1;

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a decoder has told of some bytes.
///
/// @param messages those that are complete
/// @param unfinished the begin of one more; empty: there is none, or what follows was refused
/// @param failed whether it has refused to read on
record Told(List<Message> messages, String unfinished, boolean failed) {
    /// @param start its first line
    record Message(String start, List<String> fields, String body, List<String> trailers) {}

    /// Takes what the channel has got.
    static Told by(EmbeddedChannel channel) {
        var messages = new ArrayList<Message>();
        @Nullable HttpMessage head = null;
        var body = new StringBuilder();
        for (Object read = channel.readInbound(); read != null; read = channel.readInbound()) {
            if (!(read instanceof HttpObject part)) {
                // After a change of protocol come bytes.
                body.append(((ByteBuf) read).toString(StandardCharsets.ISO_8859_1));
                ReferenceCountUtil.release(read);
                continue;
            }
            try {
                if (part.decoderResult().isFailure()) {
                    return new Told(messages, "", true);
                }
                if (part instanceof HttpMessage begun) {
                    head = begun;
                    body.setLength(0);
                }
                if (part instanceof HttpContent content) {
                    body.append(content.content().toString(StandardCharsets.ISO_8859_1));
                }
                if (part instanceof LastHttpContent last && head != null) {
                    messages.add(
                            new Message(
                                    start(head),
                                    fields(head.headers()),
                                    body.toString(),
                                    fields(last.trailingHeaders())));
                    head = null;
                    body.setLength(0);
                }
            } finally {
                ReferenceCountUtil.release(part);
            }
        }
        return new Told(messages, unfinished(head, body), false);
    }

    static String start(HttpMessage head) {
        return switch (head) {
            case HttpRequest request ->
                    request.method() + " " + request.uri() + " " + request.protocolVersion();
            case HttpResponse response ->
                    response.protocolVersion() + " " + response.status().code();
            default -> throw new AssertionError(head);
        };
    }

    static List<String> fields(io.netty.handler.codec.http.HttpHeaders headers) {
        return headers.entries().stream()
                .map(each -> each.getKey() + ": " + each.getValue())
                .toList();
    }

    private static String unfinished(@Nullable HttpMessage head, StringBuilder body) {
        return head == null ? body.toString() : start(head) + fields(head.headers()) + body;
    }
}
