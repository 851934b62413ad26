package dev.weft.proxy.cluster;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.HashSet;
import java.util.Set;

/// This pod's own addresses, loopback left out. They do not change in a pod's life.
public record LocalAddresses(Set<InetAddress> addresses) {
    public LocalAddresses {
        addresses = Set.copyOf(addresses);
    }

    public static LocalAddresses ofThisHost() {
        var found = new HashSet<InetAddress>();
        try {
            NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .filter(address -> !address.isLoopbackAddress())
                    .forEach(address -> found.add(withoutScope(address)));
        } catch (SocketException none) {
            return new LocalAddresses(Set.of());
        }
        return new LocalAddresses(found);
    }

    public boolean contains(InetAddress address) {
        return addresses.contains(address);
    }

    private static InetAddress withoutScope(InetAddress address) {
        try {
            return InetAddress.getByAddress(address.getAddress());
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
