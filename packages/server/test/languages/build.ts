import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathWithGo } from "@latchkey/testkit/go-toolchain";
import { cacheFolder, pythonEnvironment, run } from "@latchkey/testkit/toolchains";
import { installations, program, version } from "./page.ts";

/** Folders with the programs of the page, each ready to run. */
export const built = {
  python: cacheFolder("languages/python"),
  go: cacheFolder("languages/go"),
  java: cacheFolder("languages/java"),
};

const hosts = join(import.meta.dirname, "hosts");
/** The oldest Go that the modules of the page accept, as the minor version of Go 1. */
const oldestGo = 25;

const follower = join(import.meta.dirname, "../../../../examples/revocations-python/revocations.py");

/** Installs the libraries of the page by its own commands, and builds its programs. */
export async function setup(): Promise<void> {
  await Promise.all([buildPython(), buildGo(), buildJava()]);
}

async function buildPython(): Promise<void> {
  const cwd = built.python;
  await pythonEnvironment(`${cwd}environment`);
  for (const command of installations("pip")) {
    // On the path of the environment, `pip` is the environment's own.
    const PATH = `${cwd}environment/bin:${process.env["PATH"]}`;
    await run("bash", ["-c", command], { cwd, env: { PATH, PIP_QUIET: "1" } });
  }
  for (const name of ["verify.py", "server.py"]) writeFileSync(`${cwd}${name}`, program(name));
  copyFileSync(follower, `${cwd}revocations.py`);
  copyFileSync(`${hosts}/host.py`, `${cwd}host.py`);
}

async function buildGo(): Promise<void> {
  const cwd = built.go;
  const env = { PATH: await pathWithGo(oldestGo) };
  for (const name of ["verify.go", "revocations.go"]) writeFileSync(`${cwd}${name}`, program(name));
  copyFileSync(`${hosts}/main.go`, `${cwd}main.go`);
  if (!existsSync(`${cwd}go.mod`)) await run("go", ["mod", "init", "notes.test"], { cwd, env });
  for (const command of installations("go")) await run("bash", ["-c", command], { cwd, env });
  await run("go", ["vet", "."], { cwd, env });
  await run("go", ["build", "-o", "host", "."], { cwd, env });
}

async function buildJava(): Promise<void> {
  const cwd = built.java;
  const sources = `${cwd}src/main/java`;
  // A class or a library that the page no longer has must not stay.
  for (const folder of ["src", "target"]) rmSync(`${cwd}${folder}`, { recursive: true, force: true });
  mkdirSync(sources, { recursive: true });
  mkdirSync(`${cwd}src/main/resources`, { recursive: true });
  for (const name of ["Keys.java", "Revocations.java", "TokenConfiguration.java", "Verifier.java"])
    writeFileSync(`${sources}/${name}`, program(name));
  writeFileSync(`${cwd}src/main/resources/application.properties`, program("application.properties"));
  for (const name of ["Host.java", "Notes.java"]) copyFileSync(`${hosts}/${name}`, `${sources}/${name}`);
  writeFileSync(`${cwd}pom.xml`, pom);
  await run("mvn", ["-q", "-B", "compile", "dependency:copy-dependencies"], { cwd });
}

const dependency = (group: string, artifact: string, versionElement = "") =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>${versionElement}</dependency>`;

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <parent>
    <groupId>org.springframework.boot</groupId>
    <artifactId>spring-boot-starter-parent</artifactId>
    <version>${version(/Spring Boot (\d+\.\d+\.\d+)/)}</version>
    <relativePath/>
  </parent>
  <groupId>test.latchkey</groupId>
  <artifactId>verifiers</artifactId>
  <version>1</version>
  <dependencies>
    ${dependency("org.springframework.boot", "spring-boot-starter-webmvc")}
    ${dependency("org.springframework.boot", "spring-boot-starter-security-oauth2-resource-server")}
    ${dependency("com.nimbusds", "nimbus-jose-jwt", `<version>${version(/nimbus-jose-jwt:([\d.]*\d)/)}</version>`)}
  </dependencies>
</project>
`;
