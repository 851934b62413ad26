package dev.weft.proxy.balance;

import java.util.ArrayList;
import java.util.List;

/// One locality of a priority while it is built.
record Locality(long weight, List<Host> all, List<Host> healthy, List<Host> degraded) {
    Locality(long weight) {
        this(weight, new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }
}
