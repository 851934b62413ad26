package dev.weft.controlplane.compile;

import java.util.List;

/// The ports of a pod of which Services say what they carry. On any other port the inbound side
/// looks at the first bytes.
///
/// @param http nothing else gets to the application
/// @param tcp HTTP is not looked for
record InboundPorts(List<Integer> http, List<Integer> tcp) {
    static final InboundPorts UNDECLARED = new InboundPorts(List.of(), List.of());

    InboundPorts {
        http = List.copyOf(http);
        tcp = List.copyOf(tcp);
    }
}
