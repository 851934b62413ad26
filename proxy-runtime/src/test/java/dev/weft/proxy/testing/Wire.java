package dev.weft.proxy.testing;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/// Bytes of a socket as texts, a character each.
public final class Wire {
    private Wire() {}

    public static void say(Socket to, String bytes) throws IOException {
        to.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
    }

    public static String head(Socket from) throws IOException {
        return head(from.getInputStream());
    }

    /// To the end of a message's head, and no byte more.
    ///
    /// @throws EOFException with what came before the end
    public static String head(InputStream in) throws IOException {
        var head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            var c = in.read();
            if (c < 0) {
                throw new EOFException(head.toString());
            }
            head.append((char) c);
        }
        return head.toString();
    }

    /// To the connection's end.
    public static String rest(Socket from) throws IOException {
        return new String(from.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
}
