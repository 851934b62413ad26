package dev.weft.proxy.identity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.bootstrap.Pod;
import java.security.Signature;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.junit.jupiter.api.Test;

/// Another implementation reads what this one writes.
class SigningRequestTest {
    @Test
    void names_the_pod_in_the_subject() throws Exception {
        var request = read(new Pod("web-0", "shop", "7b9f62a4-0c5d-4a6e-9f0e-2f3d1c4b5a69"));

        assertThat(request.getSubject())
                .hasToString("CN=web-0,OU=shop,SERIALNUMBER=7b9f62a4-0c5d-4a6e-9f0e-2f3d1c4b5a69");
        assertThat(request.getAttributes()).isEmpty();
    }

    @Test
    void is_signed_with_the_key_that_it_asks_a_certificate_for() throws Exception {
        var made = SigningRequest.create(new Pod("web-0", "shop", "u-1"));
        var request = new JcaPKCS10CertificationRequest(made.der());

        assertThat(
                        request.isSignatureValid(
                                new JcaContentVerifierProviderBuilder()
                                        .build(request.getPublicKey())))
                .isTrue();
        assertThat(verifies(made, request)).isTrue();
    }

    @Test
    void has_room_for_the_longest_names_that_kubernetes_allows() throws Exception {
        var name = "n".repeat(253);

        assertThat(read(new Pod(name, "s".repeat(63), "u".repeat(36))).getSubject().toString())
                .startsWith("CN=" + name);
    }

    @Test
    void has_the_same_bytes_when_encoded_again() throws Exception {
        var made = SigningRequest.create(new Pod("", "", ""));

        assertThat(new PKCS10CertificationRequest(made.der()).toASN1Structure().getEncoded("DER"))
                .isEqualTo(made.der());
    }

    private static boolean verifies(SigningRequest made, JcaPKCS10CertificationRequest request)
            throws Exception {
        var signer = Signature.getInstance("SHA256withECDSA");
        signer.initSign(made.keys().getPrivate());
        signer.update((byte) 1);
        var verifier = Signature.getInstance("SHA256withECDSA");
        verifier.initVerify(request.getPublicKey());
        verifier.update((byte) 1);
        return verifier.verify(signer.sign());
    }

    private static PKCS10CertificationRequest read(Pod pod) throws Exception {
        return new PKCS10CertificationRequest(SigningRequest.create(pod).der());
    }
}
