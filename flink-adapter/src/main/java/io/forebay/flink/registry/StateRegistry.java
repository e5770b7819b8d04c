package io.forebay.flink.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import javax.annotation.Nullable;
import org.apache.flink.annotation.Internal;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.RegisteredStateMetaInfoBase;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;

/**
 * The states of one backend by id. Ids are unique: a second state whose name hashes to the id of another state is
 * refused, and the message names both. Used by one thread, that of the task.
 */
@Internal
public final class StateRegistry {
    private final TreeMap<Integer, RegisteredState> byId = new TreeMap<>(Integer::compareUnsigned);

    /** Returns null when there is no such state. */
    @Nullable
    public RegisteredState find(StateKind kind, String name) {
        for (RegisteredState state : byId.values()) {
            if (state.kind() == kind && state.name().equals(name)) {
                return state;
            }
        }
        return null;
    }

    /** Returns null when no state has this id. */
    @Nullable
    public RegisteredState find(int id) {
        return byId.get(id);
    }

    /**
     * Adds a state that is new to this backend.
     *
     * @throws IllegalStateException when its id belongs to another state
     */
    public RegisteredState register(StateKind kind, RegisteredStateMetaInfoBase metaInfo) {
        return add(StateIds.idOf(kind, metaInfo.getName()), kind, metaInfo);
    }

    /**
     * Adds a state from a part of a checkpoint. If an earlier part of the same checkpoint has added the state, adds what
     * this part says about it.
     *
     * @param id the id of its rows
     * @param taken the key groups that are taken from the part: all of them in one call, because no second call may
     *     have the same {@code snapshot}
     * @throws IllegalStateException when an earlier part has the state under another id
     */
    public RegisteredState restore(int id, StateMetaInfoSnapshot snapshot, List<KeyGroupRange> taken) {
        StateKind kind = kindOf(snapshot);
        RestoredPart part = RestoredPart.of(snapshot, taken);
        RegisteredState known = find(kind, snapshot.getName());
        if (known == null) {
            known = add(id, kind, part.metaInfo());
        }
        if (known.id() != id) {
            throw new IllegalStateException(String.format(
                    "The state '%s' has the id %08x in one part of the checkpoint and %08x in another.",
                    known.name(), known.id(), id));
        }
        known.addPart(part);
        return known;
    }

    /**
     * As {@link #restore(int, StateMetaInfoSnapshot, List)}, for a part without an id: the state keeps the id
     * from an earlier part, or gets the id of its name.
     */
    public RegisteredState restore(StateMetaInfoSnapshot snapshot, List<KeyGroupRange> taken) {
        StateKind kind = kindOf(snapshot);
        RegisteredState known = find(kind, snapshot.getName());
        return restore(known != null ? known.id() : StateIds.idOf(kind, snapshot.getName()), snapshot, taken);
    }

    public boolean isEmpty() {
        return byId.isEmpty();
    }

    /** All states in the order of their rows within a key group. */
    public List<RegisteredState> inRowOrder() {
        return new ArrayList<>(byId.values());
    }

    public static StateKind kindOf(StateMetaInfoSnapshot snapshot) {
        switch (snapshot.getBackendStateType()) {
            case KEY_VALUE:
            case KEY_VALUE_V2:
                return StateKind.KEY_VALUE;
            case PRIORITY_QUEUE:
                return StateKind.PRIORITY_QUEUE;
            default:
                throw new IllegalArgumentException(
                        "A keyed backend cannot hold state of the type " + snapshot.getBackendStateType());
        }
    }

    private RegisteredState add(int id, StateKind kind, RegisteredStateMetaInfoBase metaInfo) {
        RegisteredState taken = byId.get(id);
        if (taken != null) {
            throw new IllegalStateException(String.format(
                    "The states '%s' and '%s' of one operator hash to the same state id %08x. Rename one of them.",
                    taken.name(), metaInfo.getName(), id));
        }
        RegisteredState state = new RegisteredState(id, kind, metaInfo);
        byId.put(id, state);
        return state;
    }
}
