// Node: npm install testcontainers. The emulator in a container, for as long as a test suite runs.
import { GenericContainer, Wait } from "testcontainers";

export async function startSmsc(token = "only-for-this-run") {
  const container = await new GenericContainer(process.env.SMSC_IMAGE ?? "registry.example.com/qa/carrierlab:1.0")
    .withEnvironment({ SMSC_TOKEN: token })
    .withExposedPorts(2775, 2780)
    .withWaitStrategy(Wait.forHttp("/healthz", 2780))
    .start();
  return {
    host: container.getHost(),
    port: container.getMappedPort(2775),
    api: `http://${container.getHost()}:${container.getMappedPort(2780)}`,
    token,
    stop: () => container.stop(),
  };
}
