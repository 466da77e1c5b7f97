import { mount } from 'svelte';
import { given, speak } from '../copy/text.svelte';
import Login from './Login.svelte';

await speak(given());
mount(Login, { target: document.getElementById('page')! });
