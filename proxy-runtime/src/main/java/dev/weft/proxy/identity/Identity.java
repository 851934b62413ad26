package dev.weft.proxy.identity;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// This pod's key and the certificate chain that was signed for it, checked to belong together.
///
/// @param chain leaf first
record Identity(PrivateKey key, List<X509Certificate> chain, SpiffeId id) {
    Identity {
        chain = List.copyOf(chain);
    }

    /// What was signed for a pair of keys.
    ///
    /// @throws GeneralSecurityException saying why these do not make an identity under these roots
    static Identity signed(KeyPair keys, List<X509Certificate> chain, Roots roots)
            throws GeneralSecurityException {
        if (!leaf(chain).getPublicKey().equals(keys.getPublic())) {
            throw new GeneralSecurityException("the certificate is for another key");
        }
        return of(keys.getPrivate(), chain, roots);
    }

    /// Takes up again what [#pem(Roots)] wrote. That its key and its certificate belong together
    /// was found out when it was signed, and that these roots trust it, if they are the same as
    /// then: to find that out again would hold up a proxy's start.
    ///
    /// @throws GeneralSecurityException saying why it is no identity, or none under these roots
    static Identity parse(String pem, Roots roots) throws GeneralSecurityException {
        var key = Pem.privateKey(pem);
        var chain = Pem.certificates(pem);
        if (!pem.startsWith(trustedBy(roots))) {
            return of(key, chain, roots);
        }
        for (X509Certificate certificate : chain) {
            certificate.checkValidity();
        }
        return new Identity(key, chain, spiffeId(leaf(chain)));
    }

    /// The same key and certificates under other roots.
    ///
    /// @throws GeneralSecurityException saying why they do not trust it
    Identity under(Roots roots) throws GeneralSecurityException {
        return of(key, chain, roots);
    }

    private static Identity of(PrivateKey key, List<X509Certificate> chain, Roots roots)
            throws GeneralSecurityException {
        var id = spiffeId(leaf(chain));
        roots.trustManager().checkClientTrusted(chain.toArray(X509Certificate[]::new), "EC");
        return new Identity(key, chain, id);
    }

    private static X509Certificate leaf(List<X509Certificate> chain)
            throws GeneralSecurityException {
        if (chain.isEmpty()) {
            throw new GeneralSecurityException("the certificate chain is empty");
        }
        return chain.getFirst();
    }

    private static SpiffeId spiffeId(X509Certificate leaf) throws GeneralSecurityException {
        return SpiffeId.of(leaf)
                .orElseThrow(() ->
                        new GeneralSecurityException(
                                "the certificate does not carry exactly one SPIFFE id"));
    }

    /// For the state folder; after an explanatory line (RFC 7468, section 2) key and chain.
    ///
    /// @param roots those under which it was made
    String pem(Roots roots) throws GeneralSecurityException {
        return trustedBy(roots) + Pem.write(key, chain);
    }

    private static String trustedBy(Roots roots) throws GeneralSecurityException {
        return "Trusted by roots with SHA-256 " + roots.fingerprint() + "\n";
    }

    boolean validAt(Instant now) {
        return now.isBefore(notAfter()) && !now.isBefore(notBefore());
    }

    Instant notBefore() {
        return chain.getFirst().getNotBefore().toInstant();
    }

    Instant notAfter() {
        return chain.getFirst().getNotAfter().toInstant();
    }

    /// At half of what is left of its life, up to a tenth of that earlier: pods that were born
    /// together do not renew together. Its start says nothing: signers date it back, because clocks
    /// differ, and half of a short life would already be over.
    ///
    /// @param now when it comes into use
    /// @param jitter from 0 to 1
    Instant renewal(Instant now, double jitter) {
        var left = Duration.between(now, notAfter());
        return now.plusMillis((long) (left.toMillis() * (0.5 - 0.1 * jitter)));
    }
}
