package dev.weft.proxy.identity;

import dev.weft.proxy.bootstrap.Pod;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;

/// A fresh key (ECDSA P-256), and the request to have it certified (PKCS #10, RFC 2986). The
/// control plane decides whom the certificate is for; the subject only repeats what it will say.
record SigningRequest(KeyPair keys, byte[] der) {
    private static final byte[] COMMON_NAME = Der.objectIdentifier(2, 5, 4, 3);
    private static final byte[] SERIAL_NUMBER = Der.objectIdentifier(2, 5, 4, 5);
    private static final byte[] ORGANIZATIONAL_UNIT = Der.objectIdentifier(2, 5, 4, 11);
    private static final byte[] ECDSA_WITH_SHA256 = Der.objectIdentifier(1, 2, 840, 10045, 4, 3, 2);

    static SigningRequest create(Pod pod) throws GeneralSecurityException {
        var generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        KeyPair pair = generator.generateKeyPair();
        byte[] info =
                Der.sequence(
                        Der.integer(0),
                        Der.sequence(
                                attribute(COMMON_NAME, Der.utf8String(pod.name())),
                                attribute(ORGANIZATIONAL_UNIT, Der.utf8String(pod.namespace())),
                                attribute(SERIAL_NUMBER, Der.printableString(pod.uid()))),
                        pair.getPublic().getEncoded(),
                        Der.emptySet(0));
        var signer = Signature.getInstance("SHA256withECDSA");
        signer.initSign(pair.getPrivate());
        signer.update(info);
        byte[] signature = signer.sign();
        return new SigningRequest(
                pair,
                Der.sequence(info, Der.sequence(ECDSA_WITH_SHA256), Der.bitString(signature)));
    }

    private static byte[] attribute(byte[] type, byte[] value) {
        return Der.set(Der.sequence(type, value));
    }
}
