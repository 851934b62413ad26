package dev.weft.proxy;

import dev.weft.proxy.testing.TestAuthority;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/// An application that speaks TLS of its own. When its client has said all, it answers with its own
/// name and what it has heard.
final class TlsBackend implements AutoCloseable {
    private static final char[] PASSWORD = "password".toCharArray();

    private final String name;
    private final SSLServerSocket entrance;

    /// @param host what its certificate is for
    TlsBackend(TestAuthority authority, String name, String host) throws Exception {
        this.name = name;
        entrance =
                (SSLServerSocket)
                        context(authority, host)
                                .getServerSocketFactory()
                                .createServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return entrance.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        entrance.close();
    }

    /// Makes sockets of clients that trust what this authority has signed.
    static SSLSocketFactory clients(TestAuthority authority) throws Exception {
        var trusted = emptyStore();
        trusted.setCertificateEntry("root", authority.root());
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        var context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context.getSocketFactory();
    }

    private static SSLContext context(TestAuthority authority, String host) throws Exception {
        var certified = authority.server(host);
        var own = emptyStore();
        own.setKeyEntry(
                "own", certified.key(), PASSWORD, new Certificate[] {certified.certificate()});
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, PASSWORD);
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private void accept() {
        try {
            while (true) {
                var socket = (SSLSocket) entrance.accept();
                Thread.ofVirtual().start(() -> answer(socket));
            }
        } catch (IOException closed) {
            // The test is over.
        }
    }

    private void answer(SSLSocket socket) {
        try (socket) {
            var heard = socket.getInputStream().readAllBytes();
            socket.getOutputStream()
                    .write(
                            (name + " heard " + new String(heard, StandardCharsets.US_ASCII))
                                    .getBytes(StandardCharsets.US_ASCII));
        } catch (IOException ended) {
            // The test sees it by what is missing.
        }
    }
}
