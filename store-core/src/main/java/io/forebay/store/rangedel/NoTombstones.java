package io.forebay.store.rangedel;

import java.util.List;

/** The empty set. */
final class NoTombstones implements RangeTombstones {
    @Override
    public boolean isEmpty() {
        return true;
    }

    @Override
    public int size() {
        return 0;
    }

    @Override
    public Fragment endingAfter(byte[] key, int offset, int length) {
        return null;
    }

    @Override
    public Fragment startingBefore(byte[] key, int offset, int length) {
        return null;
    }

    @Override
    public Fragment covering(byte[] key, int offset, int length) {
        return null;
    }

    @Override
    public Iterable<Fragment> fragments() {
        return List.of();
    }
}
