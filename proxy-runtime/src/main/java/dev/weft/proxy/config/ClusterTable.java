package dev.weft.proxy.config;

import java.net.InetSocketAddress;

/// A cluster joined with its endpoints.
public record ClusterTable(ClusterSpec spec, Assignment source) {
    /// One endpoint, with all that is needed to speak to it.
    ///
    /// @param hostname empty: none
    public record Target(InetSocketAddress address, Transport transport, String hostname) {
        public Target(InetSocketAddress address, Transport transport) {
            this(address, transport, "");
        }

        /// Address and port, as logs write them.
        public String label() {
            return address.getAddress().getHostAddress() + ":" + address.getPort();
        }

        /// Addresses tell targets apart well enough, and are quick to hash.
        @Override
        public int hashCode() {
            return address.hashCode();
        }
    }
}
