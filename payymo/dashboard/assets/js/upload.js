// A file may be dropped on the field; the button works without this.
export function startUploads() {
  for (const area of document.querySelectorAll(".pm-file")) {
    const input = area.querySelector("input[type=file]");
    area.addEventListener("dragover", (event) => {
      event.preventDefault();
      area.classList.add("pm-over");
    });
    area.addEventListener("dragleave", () => area.classList.remove("pm-over"));
    area.addEventListener("drop", (event) => {
      event.preventDefault();
      area.classList.remove("pm-over");
      if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
    });
  }
}
