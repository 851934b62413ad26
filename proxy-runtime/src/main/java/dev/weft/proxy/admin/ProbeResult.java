package dev.weft.proxy.admin;

/// @param said what to tell whoever asked, kubelet shows it in an Event
record ProbeResult(boolean healthy, String said) {
    static ProbeResult healthy(String said) {
        return new ProbeResult(true, said);
    }

    static ProbeResult unhealthy(String said) {
        return new ProbeResult(false, said);
    }
}
