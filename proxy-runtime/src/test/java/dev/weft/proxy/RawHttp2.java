package dev.weft.proxy;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersDecoder;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// One side of an HTTP/2 connection, a client if it was not accepted, that sends whatever it is
/// told to, at the latest when it is asked what came.
final class RawHttp2 implements AutoCloseable {
    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int PRIORITY = 2;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;
    static final int END_STREAM = 1;
    static final int END_HEADERS = 4;
    static final int PROTOCOL_ERROR = 1;
    static final int ENHANCE_YOUR_CALM = 11;
    private static final int PATIENCE_MILLIS = 30_000;
    private static final int BUFFER_BYTES = 64 * 1024;
    private static final int LITTLE_ROOM_BYTES = 4 * 1024;

    private static final byte[] PREFACE =
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final Socket socket;
    private final OutputStream out;
    private final DataInputStream in;
    private final Http2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);

    /// @param type 0 to 9, or [#ENDED]
    record Frame(int type, int flags, int stream, byte[] payload) {
        /// The end of the connection.
        static final int ENDED = -1;

        boolean is(int wanted, int on) {
            return type == wanted && stream == on;
        }

        /// Of RST_STREAM and GOAWAY.
        int error() {
            return ByteBuffer.wrap(payload).getInt(type == GOAWAY ? 4 : 0);
        }

        boolean isLast() {
            return (flags & END_STREAM) != 0;
        }

        /// Of DATA.
        String text() {
            return new String(payload, StandardCharsets.ISO_8859_1);
        }
    }

    RawHttp2(int port) throws IOException {
        this(new Socket(InetAddress.getLoopbackAddress(), port));
        begin();
    }

    /// One that the kernel keeps next to nothing for, on either side.
    static RawHttp2 withLittleRoom(int port) throws IOException {
        var socket = new Socket();
        socket.setReceiveBufferSize(LITTLE_ROOM_BYTES);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        var client = new RawHttp2(socket);
        client.begin();
        return client;
    }

    private void begin() throws IOException {
        out.write(PREFACE);
        frame(SETTINGS, 0, 0);
    }

    /// A server's side.
    static RawHttp2 accepted(Socket socket) throws IOException {
        var server = new RawHttp2(socket);
        if (!Arrays.equals(server.in.readNBytes(PREFACE.length), PREFACE)) {
            throw new IOException("no HTTP/2 preface");
        }
        server.frame(SETTINGS, 0, 0);
        return server;
    }

    private RawHttp2(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        out = new BufferedOutputStream(socket.getOutputStream(), BUFFER_BYTES);
        in = new DataInputStream(socket.getInputStream());
    }

    void frame(int type, int flags, int stream, int... payload) throws IOException {
        var bytes = new byte[payload.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) payload[i];
        }
        frame(type, flags, stream, bytes);
    }

    void frame(int type, int flags, int stream, byte[] payload) throws IOException {
        out.write(encoded(type, flags, stream, payload));
    }

    private static byte[] encoded(int type, int flags, int stream, byte[] payload) {
        var frame = ByteBuffer.allocate(9 + payload.length);
        frame.putShort((short) (payload.length >> 8)).put((byte) payload.length);
        frame.put((byte) type).put((byte) flags).putInt(stream).put(payload);
        return frame.array();
    }

    void flush() throws IOException {
        out.flush();
    }

    /// @return false: the connection has ended
    boolean tryToWrite(byte[] bytes) throws IOException {
        try {
            out.write(bytes);
            out.flush();
            return true;
        } catch (SocketException ended) {
            return false;
        }
    }

    /// A complete header block, as it is.
    void headers(int stream, boolean last, String... namesAndValues) throws IOException {
        frame(HEADERS, END_HEADERS | (last ? END_STREAM : 0), stream, block(namesAndValues));
    }

    /// Names and values of a request that is all right.
    ///
    /// @param more of its fields
    static String[] request(String method, String path, String... more) {
        var pseudo =
                Stream.of(":method", method, ":scheme", "http", ":path", path, ":authority", "a");
        return Stream.concat(pseudo, Stream.of(more)).toArray(String[]::new);
    }

    /// A request that is all right.
    void get(int stream, String path) throws IOException {
        headers(stream, true, request("GET", path));
    }

    /// All that a client says who asks for something, and lets nothing of it come.
    static byte[] getWithShutWindow() {
        var said = new ByteArrayOutputStream();
        said.writeBytes(PREFACE);
        said.writeBytes(encoded(SETTINGS, 0, 0, new byte[] {0, 4, 0, 0, 0, 0}));
        said.writeBytes(encoded(HEADERS, END_HEADERS | END_STREAM, 1, block(request("GET", "/"))));
        return said.toByteArray();
    }

    /// Requests with 15 KB of headers each, which stay open.
    ///
    /// @return false: the connection has ended
    boolean largeRequests(int count) throws IOException {
        var value = "v".repeat(7_500);
        try {
            for (int i = 0; i < count; i++) {
                headers(2 * i + 1, false, request("POST", "/", "x", value, "y", value));
            }
        } catch (SocketException ended) {
            return false;
        }
        return tryToWrite(new byte[0]);
    }

    /// Literals without indexing or Huffman coding.
    static byte[] block(String... namesAndValues) {
        var block = new ByteArrayOutputStream();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            block.write(0);
            text(block, namesAndValues[i]);
            text(block, namesAndValues[i + 1]);
        }
        return block.toByteArray();
    }

    /// A literal that goes into the dynamic table.
    static byte[] indexed(String name, String value) {
        var block = new ByteArrayOutputStream();
        block.write(0x40);
        text(block, name);
        text(block, value);
        return block.toByteArray();
    }

    private static void text(ByteArrayOutputStream block, String text) {
        var bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        if (bytes.length < 127) {
            block.write(bytes.length);
        } else {
            block.write(127);
            var rest = bytes.length - 127;
            for (; rest >= 128; rest >>= 7) {
                block.write(rest & 127 | 128);
            }
            block.write(rest);
        }
        block.writeBytes(bytes);
    }

    /// Of HEADERS, each of which has to be asked for, in the order in which they came.
    Http2Headers fields(Frame headers) {
        try {
            return decoder.decodeHeaders(
                    headers.stream(), Unpooled.wrappedBuffer(headers.payload()));
        } catch (Http2Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /// The first frame that `wanted` takes, or the end of the connection.
    Frame await(Predicate<Frame> wanted) throws IOException {
        for (var frame = read(); ; frame = read()) {
            if (wanted.test(frame) || frame.type() == Frame.ENDED) {
                return frame;
            }
        }
    }

    /// Until the connection has ended; the GOAWAY before that, if there was one.
    Frame awaitGoAway() throws IOException {
        return await(frame -> frame.type() == GOAWAY);
    }

    private Frame read() throws IOException {
        try {
            out.flush();
        } catch (SocketException ended) {
            // What was said before can still be read.
        }
        try {
            var length = in.readUnsignedShort() << 8 | in.readUnsignedByte();
            var type = in.readUnsignedByte();
            var flags = in.readUnsignedByte();
            var stream = in.readInt();
            var payload = new byte[length];
            in.readFully(payload);
            return new Frame(type, flags, stream, payload);
        } catch (EOFException | SocketException ended) {
            return new Frame(Frame.ENDED, 0, 0, new byte[0]);
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
