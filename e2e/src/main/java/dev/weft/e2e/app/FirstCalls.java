package dev.weft.e2e.app;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;

/// A server's calls to itself before it opens its ports. Written as bytes (RFC 9113, RFC 7541),
/// since a client has more classes than a server.
final class FirstCalls {
    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private static final int TIMEOUT_MILLIS = 10_000;
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RST_STREAM = 3;
    private static final int SETTINGS = 4;
    private static final int GOAWAY = 7;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;

    /// Of a gRPC message without content.
    private static final byte[] EMPTY_MESSAGE = new byte[5];

    private FirstCalls() {}

    /// One unary call.
    static void grpc(int port) throws IOException {
        ask(port, EchoRpc.ECHO.getFullMethodName(), "application/grpc", EMPTY_MESSAGE);
    }

    /// One request over HTTP/2 in clear.
    static void http2(int port) throws IOException {
        ask(port, "echo", "text/plain", new byte[1]);
    }

    private static void ask(int port, String path, String contentType, byte[] body)
            throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            var out = new ByteArrayOutputStream();
            out.writeBytes(PREFACE.getBytes(US_ASCII));
            frame(out, SETTINGS, 0, 0, new byte[0]);
            frame(out, HEADERS, END_HEADERS, 1, head("/" + path, contentType));
            frame(out, DATA, END_STREAM, 1, body);
            socket.getOutputStream().write(out.toByteArray());
            awaitEnd(new DataInputStream(socket.getInputStream()));
        }
    }

    private static void frame(
            ByteArrayOutputStream out, int type, int flags, int stream, byte[] payload) {
        out.writeBytes(
                new byte[] {
                    0, 0, (byte) payload.length, (byte) type, (byte) flags, 0, 0, 0, (byte) stream
                });
        out.writeBytes(payload);
    }

    private static byte[] head(String path, String contentType) {
        var block = new ByteArrayOutputStream();
        field(block, ":method", "POST");
        field(block, ":scheme", "http");
        field(block, ":path", path);
        field(block, ":authority", "localhost");
        field(block, "content-type", contentType);
        field(block, "te", "trailers");
        return block.toByteArray();
    }

    /// A literal that is not indexed.
    private static void field(ByteArrayOutputStream block, String name, String value) {
        block.write(0);
        for (var text : new String[] {name, value}) {
            block.write(text.length());
            block.writeBytes(text.getBytes(US_ASCII));
        }
    }

    private static void awaitEnd(DataInputStream in) throws IOException {
        while (true) {
            int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
            int type = in.readUnsignedByte();
            int flags = in.readUnsignedByte();
            int stream = in.readInt();
            in.skipNBytes(length);
            if (type == GOAWAY || type == RST_STREAM) {
                throw new IOException("the server refuses its own call: frame type " + type);
            }
            if (stream == 1 && (flags & END_STREAM) != 0) {
                return;
            }
        }
    }
}
