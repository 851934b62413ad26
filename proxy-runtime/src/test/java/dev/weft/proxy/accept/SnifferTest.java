package dev.weft.proxy.accept;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.config.Sniffed;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SnifferTest {
    @Test
    void http_1_is_known_by_its_request_line_and_not_before() {
        assertThat(look("GET /a?b HTTP/1.1\r\n")).isEqualTo(Sniffed.http("http/1.1"));
        assertThat(look("GET / HTTP/1.0\n")).isEqualTo(Sniffed.http("http/1.0"));
        assertThat(look("GET / HT")).isNull();
        assertThat(look("GE")).isNull();
    }

    @Test
    void http_2_is_known_by_its_preface() {
        assertThat(look("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")).isEqualTo(Sniffed.http("h2c"));
        assertThat(look("PRI * HTTP/2")).isNull();
    }

    @Test
    void what_looks_like_a_method_but_is_no_request_is_opaque() {
        assertThat(look("EHLO mail.example\r\n")).isEqualTo(Sniffed.NOTHING);
        assertThat(look("\u0000\u0001binary")).isEqualTo(Sniffed.NOTHING);
        assertThat(look("SSH-2.0-client\r\n")).isEqualTo(Sniffed.NOTHING);
        assertThat(look("*1\r\n$4\r\nPING\r\n")).isEqualTo(Sniffed.NOTHING);
        assertThat(look("AMQP\u0000\u0000\t\u0001")).isEqualTo(Sniffed.NOTHING);
        assertThat(look("0032git-upload-pack /HTTP/a.git\u0000host=b\u0000"))
                .isEqualTo(Sniffed.NOTHING);
        assertThat(look("a1 LOGIN GET /\r\n")).isEqualTo(Sniffed.NOTHING);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET\t/ HTTP/1.1\r\n",
                "GET / http/1.1\r\n",
                "GET /  HTTP/1.1 \r\n",
                " GET / HTTP/1.1\r\n",
                "GET\u000b/\u000bHTTP/1.1\r\n",
                "GET\u00a0/\u00a0HTTP/1.1\n",
                "GET / HTTP/1.1\rhost: a\r\r\n",
                "GET / HTTP/1.1\u0000\r\n",
                "GET /\u00df HTTP/1.1\r\n",
                "GET /\u00df http/1.9\r\n",
                "GET / HTTP/3\r\n",
                "GET /\r\n",
                "A-METHOD-OF-MORE-THAN-THIRTY-TWO-LETTERS / HTTP/1.1\r\n",
                "PRI * HTTP/2.0\r\n\r\nXX"
            })
    void what_a_lenient_server_might_take_for_a_request_is_http(String line) {
        assertThat(look(line)).isEqualTo(Sniffed.http("http/1.1"));
    }

    @Test
    void what_does_not_end_is_decided_when_there_is_enough_of_it() {
        var much = Sniffer.MAX_BYTES;

        assertThat(look("\r\n".repeat(much / 2))).isEqualTo(Sniffed.http("http/1.1"));
        assertThat(look("GET /" + "a".repeat(much))).isEqualTo(Sniffed.http("http/1.1"));
        assertThat(look("a".repeat(much))).isEqualTo(Sniffed.NOTHING);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST /",
                "get /",
                "ANY\t/",
                "\r\nPOST /",
                "POST\u000b/",
                "POST /\u0001",
                "83 /"
            })
    void a_line_whose_end_is_too_far_away_may_be_a_request(String begin) {
        var line = begin + "a".repeat(Sniffer.MAX_BYTES - begin.length());

        assertThat(look(line.substring(1))).isNull();
        assertThat(look(line)).isEqualTo(Sniffed.http("http/1.1"));
        assertThat(look(line + "\n")).isEqualTo(Sniffed.NOTHING);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "83 <34>1 2003-10-11T22:14:15.003Z mymachine su - ",
                "8=FIX.4.4\u00019=148\u000135=D\u0001",
                "MSH|^~\\&|ADT1|GOOD HEALTH HOSPITAL|",
                "{\"text\": \"a b ",
                "POST /\u0000"
            })
    void what_has_no_lines_and_no_method_stays_opaque(String begin) {
        assertThat(look(begin + "a ".repeat(Sniffer.MAX_BYTES))).isEqualTo(Sniffed.NOTHING);
    }

    @Test
    void a_client_hello_tells_its_alpn_however_it_is_cut() throws Exception {
        var hello = clientHello("weft1-h2", "h2");

        for (int length = 1; length < hello.length; length++) {
            assertThat(Sniffer.look(Unpooled.wrappedBuffer(hello, 0, length), true, true))
                    .as("%d bytes", length)
                    .isNull();
        }
        assertThat(Sniffer.look(Unpooled.wrappedBuffer(hello), true, true))
                .isEqualTo(Sniffed.tls(List.of("weft1-h2", "h2"), ""));
    }

    @Test
    void a_broken_client_hello_is_opaque_and_never_an_error() throws Exception {
        var hello = clientHello("h2");
        for (int i = 5; i < hello.length; i++) {
            var broken = hello.clone();
            broken[i] = (byte) 0xff;
            // Any result is fine, an exception is not.
            Sniffer.look(Unpooled.wrappedBuffer(broken), true, true);
        }
        hello[5] = 9;

        assertThat(Sniffer.look(Unpooled.wrappedBuffer(hello), true, true))
                .isEqualTo(Sniffed.NOTHING);
    }

    private static @Nullable Sniffed look(String text) {
        return Sniffer.look(
                Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.ISO_8859_1)), true, true);
    }

    static byte[] clientHello(String... alpn) throws Exception {
        var engine = SSLContext.getDefault().createSSLEngine();
        engine.setUseClientMode(true);
        var parameters = engine.getSSLParameters();
        parameters.setApplicationProtocols(alpn);
        engine.setSSLParameters(parameters);
        var out = java.nio.ByteBuffer.allocate(20_000);
        engine.wrap(java.nio.ByteBuffer.allocate(0), out);
        out.flip();
        var bytes = new byte[out.remaining()];
        out.get(bytes);
        return bytes;
    }
}
