package dev.weft.proxy;

import static dev.weft.proxy.RawHttp2.DATA;
import static dev.weft.proxy.RawHttp2.GOAWAY;
import static dev.weft.proxy.RawHttp2.HEADERS;
import static dev.weft.proxy.RawHttp2.RST_STREAM;
import static dev.weft.proxy.RawHttp2.SETTINGS;
import static dev.weft.proxy.RawHttp2.WINDOW_UPDATE;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// One stream of an HTTP/2 connection, whose body is written and read as with a socket: who writes
/// keeps to the peer's windows, and waits for them; who reads opens its own by what it has taken,
/// and by nothing before. One thread at a time, which hears the peer only while it has to wait.
final class Http2Body {
    private static final int ACK = 1;
    private static final int INITIAL_WINDOW_SIZE = 4;
    private static final int SETTING_BYTES = 6;
    private static final int USUAL_WINDOW = 65_535;
    private static final int WIDEST_WINDOW = Integer.MAX_VALUE;
    private static final int FRAME_BYTES = 16 * 1024;

    private final RawHttp2 connection;
    private final int stream;
    private long initialWindow = USUAL_WINDOW;
    private long streamWindow = USUAL_WINDOW;
    private long connectionWindow = USUAL_WINDOW;
    private ByteBuffer heard = ByteBuffer.allocate(0);
    private boolean headHeard;
    private int taken;

    Http2Body(RawHttp2 connection, int stream) {
        this.connection = connection;
        this.stream = stream;
    }

    /// The windows towards this side do not stop the peer any more; only the socket does.
    void openWide() throws IOException {
        var setting = ByteBuffer.allocate(SETTING_BYTES);
        setting.putShort((short) INITIAL_WINDOW_SIZE).putInt(WIDEST_WINDOW);
        connection.frame(SETTINGS, 0, 0, setting.array());
        open(0, WIDEST_WINDOW - USUAL_WINDOW);
    }

    void awaitHead() throws IOException {
        while (!headHeard) {
            hear();
        }
    }

    OutputStream out() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b});
            }

            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                for (int at = from; at < from + length; ) {
                    while (Math.min(streamWindow, connectionWindow) <= 0) {
                        hear();
                    }
                    var most = Math.min(Math.min(streamWindow, connectionWindow), FRAME_BYTES);
                    var end = (int) Math.min(from + length, at + most);
                    connection.frame(DATA, 0, stream, Arrays.copyOfRange(bytes, at, end));
                    streamWindow -= end - at;
                    connectionWindow -= end - at;
                    at = end;
                }
            }

            @Override
            public void flush() throws IOException {
                connection.flush();
            }
        };
    }

    InputStream in() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                var one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] into, int from, int length) throws IOException {
                while (!heard.hasRemaining()) {
                    hear();
                }
                var now = Math.min(length, heard.remaining());
                heard.get(into, from, now);
                taken(now);
                return now;
            }
        };
    }

    /// Half a window at a time, as peers do: by a few bytes each time the frames would come to have
    /// a few bytes each.
    private void taken(int bytes) throws IOException {
        taken += bytes;
        if (taken >= USUAL_WINDOW / 2) {
            open(0, taken);
            open(stream, taken);
            taken = 0;
        }
    }

    private void open(int window, int bytes) throws IOException {
        connection.frame(WINDOW_UPDATE, 0, window, ByteBuffer.allocate(4).putInt(bytes).array());
    }

    private void hear() throws IOException {
        var frame = connection.await(_ -> true);
        switch (frame.type()) {
            case DATA -> heard = ByteBuffer.wrap(frame.payload());
            case HEADERS -> headHeard |= frame.stream() == stream;
            case SETTINGS -> settings(frame);
            case WINDOW_UPDATE -> {
                var more = ByteBuffer.wrap(frame.payload()).getInt();
                if (frame.stream() == 0) {
                    connectionWindow += more;
                } else {
                    streamWindow += more;
                }
            }
            case RST_STREAM, GOAWAY, RawHttp2.Frame.ENDED ->
                    throw new IOException("the peer has ended it by frame " + frame.type());
            default -> {}
        }
    }

    private void settings(RawHttp2.Frame frame) throws IOException {
        if ((frame.flags() & ACK) != 0) {
            return;
        }
        for (var settings = ByteBuffer.wrap(frame.payload()); settings.hasRemaining(); ) {
            var id = settings.getShort();
            var value = settings.getInt();
            if (id == INITIAL_WINDOW_SIZE) {
                streamWindow += value - initialWindow;
                initialWindow = value;
            }
        }
        connection.frame(SETTINGS, ACK, 0);
    }
}
