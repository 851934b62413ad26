package dev.weft.proxy.identity;

import java.time.Instant;

/// Is told what becomes of this pod's certificate.
public interface CertificateEvents {
    void certified(String spiffeId, Instant notAfter);

    void refused();
}
