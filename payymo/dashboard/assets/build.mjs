// Builds ../static/dashboard from the sources here. Developers run it; the product never does.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const out = join(here, "..", "static", "dashboard");
const targets = ["chrome114", "firefox125", "safari17"];

const sha256 = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
const walk = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();

function fresh() {
  rmSync(out, { recursive: true, force: true });
  for (const folder of ["css", "js", "fonts", "icons", "licences"]) mkdirSync(join(out, folder), { recursive: true });
}

async function minified(source, name) {
  const { code } = await esbuild.transform(source, { loader: "css", minify: true, target: targets, legalComments: "none" });
  writeFileSync(join(out, "css", name), code);
}

async function styles() {
  const loaded = new Set();
  const theme = sass.compile(join(here, "css", "theme.scss"), {
    loadPaths: [modules],
    quietDeps: true,
    silenceDeprecations: ["import", "global-builtin", "color-functions", "if-function"],
  });
  for (const url of theme.loadedUrls) loaded.add(fileURLToPath(url));
  await minified(theme.css, "theme.css");
  for (const name of ["pm.css", "admin.css", "error.css"]) await minified(readFileSync(join(here, "css", name), "utf8"), name);
  return [...loaded].filter((path) => path.startsWith(modules)).sort();
}

async function scripts() {
  const built = await esbuild.build({
    entryPoints: ["app", "review", "admin"].map((name) => join(here, "js", `${name}.js`)),
    outdir: join(out, "js"),
    bundle: true,
    minify: true,
    format: "iife",
    target: targets,
    nodePaths: [modules],
    legalComments: "none",
    metafile: true,
  });
  return Object.keys(built.metafile.inputs)
    .map((path) => join(process.cwd(), path))
    .filter((path) => path.startsWith(modules))
    .sort();
}

function sprite() {
  const names = JSON.parse(readFileSync(join(here, "icons", "names.json"), "utf8"));
  const taken = names.map((name) => join(modules, "lucide-static", "icons", `${name}.svg`));
  const own = ["circle-filled", "circle-half", "tilde"].map((name) => join(here, "icons", `${name}.svg`));
  const symbols = [...taken, ...own].map((path) => {
    const [, inside] = readFileSync(path, "utf8").match(/<svg[^>]*>([\s\S]*)<\/svg>/);
    return `<symbol id="${basename(path, ".svg")}" viewBox="0 0 24 24">${inside.replace(/\s*\n\s*/g, "")}</symbol>`;
  });
  const head = '<svg xmlns="http://www.w3.org/2000/svg">';
  writeFileSync(join(out, "icons", "sprite.svg"), `${head}${symbols.join("\n")}</svg>\n`);
  cpSync(join(here, "icons", "favicon.svg"), join(out, "icons", "favicon.svg"));
  return taken;
}

function fonts() {
  const names = ["roboto-latin-wght-normal.woff2", "roboto-latin-ext-wght-normal.woff2"];
  const files = names.map((name) => join(modules, "@fontsource-variable", "roboto", "files", name));
  for (const path of files) cpSync(path, join(out, "fonts", basename(path)));
  return files;
}

function manifest(files) {
  const packages = new Map();
  for (const path of files) {
    const parts = relative(modules, path).split("/");
    const name = parts[0].startsWith("@") ? parts.slice(0, 2).join("/") : parts[0];
    if (!packages.has(name)) {
      const { version, license } = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
      cpSync(join(modules, name, "LICENSE"), join(out, "licences", `${name.replace(/[@/]/g, "_").replace(/^_/, "")}.txt`));
      packages.set(name, { name, version, licence: license, files: {} });
    }
    packages.get(name).files[relative(join(modules, name), path)] = sha256(path);
  }
  const built = Object.fromEntries(walk(out).map((path) => [relative(out, path), sha256(path)]));
  writeFileSync(join(here, "vendor.json"), `${JSON.stringify({ packages: [...packages.values()], built }, null, 1)}\n`);
}

fresh();
manifest([...(await styles()), ...(await scripts()), ...sprite(), ...fonts()]);
