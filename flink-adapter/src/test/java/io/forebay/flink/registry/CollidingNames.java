package io.forebay.flink.registry;

import java.util.HashMap;
import java.util.Map;

/** Two names whose states get the same id. */
public final class CollidingNames {
    private CollidingNames() {}

    public static String[] find() {
        return find(StateKind.KEY_VALUE);
    }

    public static String[] find(StateKind kind) {
        Map<Integer, String> names = new HashMap<>();
        for (int i = 0; ; i++) {
            String name = "state-" + i;
            String other = names.put(StateIds.idOf(kind, name), name);
            if (other != null) {
                return new String[] {other, name};
            }
        }
    }
}
