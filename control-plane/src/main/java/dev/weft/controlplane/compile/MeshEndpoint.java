package dev.weft.controlplane.compile;

/// An address behind a Service's port.
///
/// @param meshed it is only ever called with mesh TLS
/// @param draining no new requests for it
record MeshEndpoint(String address, int port, boolean meshed, boolean draining)
        implements Comparable<MeshEndpoint> {
    @Override
    public int compareTo(MeshEndpoint other) {
        int byAddress = address.compareTo(other.address);
        return byAddress != 0 ? byAddress : Integer.compare(port, other.port);
    }
}
