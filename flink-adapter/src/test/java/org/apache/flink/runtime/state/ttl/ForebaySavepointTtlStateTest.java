package org.apache.flink.runtime.state.ttl;

/** Every snapshot of the suite is a savepoint in canonical format, from which expired state is left out. */
class ForebaySavepointTtlStateTest extends ForebayTtlStateTestBase {
    ForebaySavepointTtlStateTest() {
        super(false, true);
    }

    @Override
    public boolean isSavepoint() {
        return true;
    }
}
