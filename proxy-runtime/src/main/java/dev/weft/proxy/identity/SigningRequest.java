package dev.weft.proxy.identity;

import dev.weft.proxy.bootstrap.Pod;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.spec.ECGenParameterSpec;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/// A fresh key (ECDSA P-256), and the request to have it certified. The control plane decides whom
/// the certificate is for; the subject only repeats what it will say.
record SigningRequest(PrivateKey key, byte[] der) {
    static SigningRequest create(Pod pod) throws GeneralSecurityException {
        var generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        KeyPair pair = generator.generateKeyPair();
        var subject =
                new X500NameBuilder(BCStyle.INSTANCE)
                        .addRDN(BCStyle.CN, pod.name())
                        .addRDN(BCStyle.OU, pod.namespace())
                        .addRDN(BCStyle.SERIALNUMBER, pod.uid())
                        .build();
        try {
            var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate());
            byte[] der =
                    new JcaPKCS10CertificationRequestBuilder(subject, pair.getPublic())
                            .build(signer)
                            .getEncoded();
            return new SigningRequest(pair.getPrivate(), der);
        } catch (OperatorCreationException | IOException e) {
            throw new GeneralSecurityException("the signing request could not be made", e);
        }
    }
}
