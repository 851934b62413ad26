package dev.weft.proxy.identity;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.SignatureException;
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

    /// @throws GeneralSecurityException saying why these do not make an identity under these roots
    static Identity of(PrivateKey key, List<X509Certificate> chain, Roots roots)
            throws GeneralSecurityException {
        if (chain.isEmpty()) {
            throw new GeneralSecurityException("the certificate chain is empty");
        }
        X509Certificate leaf = chain.getFirst();
        if (!belongTogether(key, leaf)) {
            throw new GeneralSecurityException("the certificate is for another key");
        }
        var id =
                SpiffeId.of(leaf)
                        .orElseThrow(() ->
                                new GeneralSecurityException(
                                        "the certificate does not carry exactly one SPIFFE id"));
        roots.trustManager().checkClientTrusted(chain.toArray(X509Certificate[]::new), "EC");
        return new Identity(key, chain, id);
    }

    static Identity parse(String pem, Roots roots) throws GeneralSecurityException {
        return of(Pem.privateKey(pem), Pem.certificates(pem), roots);
    }

    String pem() throws GeneralSecurityException {
        return Pem.write(key, chain);
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

    private static boolean belongTogether(PrivateKey key, X509Certificate leaf)
            throws GeneralSecurityException {
        byte[] probe = leaf.getSerialNumber().toByteArray();
        var signer = Signature.getInstance("SHA256withECDSA");
        signer.initSign(key);
        signer.update(probe);
        var verifier = Signature.getInstance("SHA256withECDSA");
        verifier.initVerify(leaf.getPublicKey());
        verifier.update(probe);
        try {
            return verifier.verify(signer.sign());
        } catch (SignatureException e) {
            return false;
        }
    }
}
