package dev.weft.controlplane.compile;

import dev.weft.controlplane.model.MeshPod;

/// A service account: what a meshed pod is known by to its peers.
record Account(String namespace, String serviceAccount) implements Comparable<Account> {
    static Account of(MeshPod pod) {
        return new Account(pod.name().namespace(), pod.serviceAccount());
    }

    @Override
    public int compareTo(Account other) {
        int byNamespace = namespace.compareTo(other.namespace);
        return byNamespace != 0 ? byNamespace : serviceAccount.compareTo(other.serviceAccount);
    }
}
