import { mount } from "svelte";
import "./app.css";
import App from "./ui/App.svelte";
import "./ui/theme.svelte";

const target = document.getElementById("page");
if (target) mount(App, { target });
