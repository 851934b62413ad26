package dev.weft.proxy.route;

import java.util.ArrayList;

/// Joins edits of several levels; the more specific one comes first, as in Envoy.
public final class EditChain {
    private EditChain() {}

    public static HeaderEdits both(HeaderEdits first, HeaderEdits then) {
        if (first.equals(HeaderEdits.NONE)) {
            return then;
        }
        if (then.equals(HeaderEdits.NONE)) {
            return first;
        }
        var sets = new ArrayList<>(first.sets());
        sets.addAll(then.sets());
        var removes = new ArrayList<>(first.removes());
        removes.addAll(then.removes());
        return new HeaderEdits(sets, removes);
    }
}
