"""What a page must hold in the browser besides the rules of axe: nothing hidden, nothing too wide, nothing lost."""

# What is wider than the screen, and words that leave their own box.
TOO_WIDE = """() => {
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    const boxes = document.querySelectorAll(
        'h1, h2, .btn, .nav-link, .pm-chip, label, legend, dt, .navbar-content, .pm-actions, .pm-undo, .pm-banner');
    const out = [...boxes].filter(each => {
        const style = getComputedStyle(each);
        return each.offsetParent && style.overflowX === 'visible' && style.display !== 'inline'
            && each.clientWidth > 0 && each.scrollWidth > each.clientWidth + 1;
    });
    return [...(wide > 0 ? ['page by ' + wide + ' px'] : []),
        ...out.slice(0, 4).map(each => each.tagName + ': ' + each.textContent.trim().slice(0, 60))];
}"""
# Each thing that takes the focus takes it, downwards and upwards again: none of it lies wholly under something else.
# Source: WCAG 2.2, 2.4.11 Focus Not Obscured (Minimum).
HIDDEN_FOCUS = """() => {
    const every = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
        .filter(each => each.checkVisibility({visibilityProperty: true}) && !each.disabled && each.tabIndex >= 0
            && !each.closest('[inert]'));
    const name = each => each.tagName + ': ' + (each.textContent.trim() || each.name || each.id).slice(0, 40);
    const shown = each => {
        const boxes = [each, ...(each.labels || [])].flatMap(own => [...own.getClientRects()]);
        return boxes.some(box => [0.1, 0.5, 0.9, 0.01, 0.99].some(across => [0.1, 0.5, 0.9].some(down => {
            const hit = document.elementFromPoint(box.x + box.width * across, box.y + box.height * down);
            return hit && (each.contains(hit) || hit.contains(each) && !hit.matches('html, body, main')
                || [...(each.labels || [])].some(label => label.contains(hit)));
        })));
    };
    const hidden = new Set();
    for (const each of [...every, ...every.toReversed()]) {
        each.focus();
        if (document.activeElement === each && !shown(each)) hidden.add(name(each));
    }
    document.activeElement.blur(); scrollTo(0, 0);
    return [...hidden].slice(0, 4);
}"""
# Somebody who wants no motion gets none.
MOVING = """() => [...document.querySelectorAll('*')].filter(each => {
    const style = getComputedStyle(each);
    return [style.transitionDuration, style.animationDuration].some(time => /[1-9]/.test(time))
        || style.scrollBehavior === 'smooth';
}).slice(0, 4).map(each => each.tagName + '.' + each.className)"""
# Where the system gives the colours, grounds and shadows are gone: a part needs an edge, a tick and a bar the system's.
EDGELESS = """() => {
    const boxed = '.btn:not(.btn-link), .form-control, .form-check-input, .form-select, .pm-chip, .pm-filter-chip,'
        + '.pm-banner, .pm-note, .pm-undo, .pm-menu, .pm-sheet, .pm-sum, .pm-bell-count, .pm-step-mark';
    const drawn = '.form-check-input, .form-select';
    const current = '[aria-current="true"], .nav-item.active > .nav-link, [aria-pressed="true"]';
    const shown = each => each.checkVisibility() || each.matches('[popover]');
    const every = selector => [...document.querySelectorAll(selector)].filter(shown);
    const name = each => each.tagName + '.' + each.className;
    const look = each => getComputedStyle(each).appearance;
    const thick = (each, side) => parseFloat(getComputedStyle(each)[side]);
    return [...new Set([
        ...every(boxed).filter(each => !thick(each, 'borderBottomWidth') && look(each) === 'none'),
        ...every(drawn).filter(each => look(each) === 'none'),
        ...every(current).filter(each => thick(each, 'borderInlineStartWidth') < 3),
        ...every('progress').filter(each => getComputedStyle(each).forcedColorAdjust !== 'none'),
    ].map(name))].slice(0, 4);
}"""
# The rules of axe, without its own copy of the styles, which the content policy would stop and report. Colours apart.
RULES = """() => axe.run(document, {
    rules: {'color-contrast': {enabled: false}}, resultTypes: ['violations'], preload: false,
}).then(found => found.violations.map(
    each => each.id + ': ' + each.nodes.slice(0, 2).map(node => node.html.slice(0, 140)).join(' | ')))"""
# The colours of both modes, each pair of text and ground once: what the tab has shown before is not looked at again.
# What no page has shown in light is looked at in dark too; a wide screen looks in dark whatever it found in light.
CONTRAST = """async wide => {
    const root = document.documentElement;
    const ground = each => {
        const own = getComputedStyle(each);
        return own.backgroundColor.endsWith(', 0)') && each.parentElement
            ? ground(each.parentElement) : own.backgroundColor + own.backgroundImage;
    };
    const texts = [...document.body.querySelectorAll('*')].filter(each =>
        ([...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()) || each.placeholder)
        && !each.closest('script, template') && each.checkVisibility());
    const unseen = mode => {
        // The second is that of Django's admin; the pages for when much is off follow the system instead.
        root.dataset.bsTheme = root.dataset.theme = mode;
        const known = new Set(JSON.parse(sessionStorage.getItem(mode) || '[]')), pairs = new Map();
        for (const each of texts) {
            const style = getComputedStyle(each);
            const own = [style.color, style.fontSize, style.fontWeight, style.opacity, each.className];
            const pair = [...own, ground(each)].join();
            if (!known.has(pair)) pairs.set(pair, each);
        }
        if (pairs.size) sessionStorage.setItem(mode, JSON.stringify([...known, ...pairs.keys()]));
        return [...pairs.values()];
    };
    const wrong = [], before = root.dataset.bsTheme || '';
    for (const mode of ['light', 'dark']) {
        const include = unseen(mode);
        if (include.length) {
            const found = await axe.run({include}, {
                runOnly: {type: 'rule', values: ['color-contrast', 'link-in-text-block']},
                resultTypes: ['violations', 'incomplete'], preload: false,
            });
            // Text in the very colour of its ground is left to a person by axe, who cannot see it.
            const gone = found.incomplete.flatMap(each => each.nodes).filter(
                node => node.any.some(each => each.data?.messageKey === 'equalRatio'));
            const nodes = [...found.violations.flatMap(each => each.nodes.slice(0, 3)), ...gone];
            wrong.push(...nodes.map(node => mode + ': ' + node.html.slice(0, 140)));
        } else if (!wide) break;
    }
    root.dataset.bsTheme = before; root.dataset.theme = 'auto';
    return wrong;
}"""
# Whether the page holds a kind of element that no page of the tab had: only then there is anything new to see in it.
NEW_KINDS = """() => {
    const known = new Set(JSON.parse(sessionStorage.getItem('kinds') || '[]')), count = known.size;
    for (const each of document.querySelectorAll('*')) {
        const marks = ['class', 'type', 'aria-current', 'aria-pressed'].map(name => each.getAttribute(name));
        known.add([each.tagName, ...marks].join());
    }
    if (known.size > count) sessionStorage.setItem('kinds', JSON.stringify([...known]));
    return known.size > count;
}"""
# On paper: whose page it is and of when, nothing that only a screen can use, and the light colours always.
ON_PAPER = """() => {
    const root = document.documentElement, before = root.dataset.bsTheme;
    const shown = [...document.querySelectorAll('main *')].filter(each => each.checkVisibility());
    const look = mode => {
        root.dataset.bsTheme = mode;
        return shown.map(each => getComputedStyle(each)).map(own => own.color + own.backgroundColor + own.fill);
    };
    const [light, dark] = [look('light'), look('dark')];
    root.dataset.bsTheme = before;
    const only = '.sidebar, header.navbar, .footer, .pm-filters, .pm-pager, .btn';
    return [
        ...[...document.querySelectorAll(only)].filter(each => each.checkVisibility()).map(each => each.className),
        ...shown.filter((each, place) => light[place] !== dark[place]).map(each => 'dark: ' + each.outerHTML),
        ...(document.querySelector('.pm-print-head')?.checkVisibility() ? [] : ['no head']),
    ].slice(0, 5).map(each => each.slice(0, 90));
}"""
WITH_LARGE_TEXT = f"() => {{ document.documentElement.style.fontSize = '200%'; return ({TOO_WIDE})(); }}"
AT_FIRST = f"() => ({{jumps: window.pmJumps, isNew: ({NEW_KINDS})()}})"
# What is looked at on a screen of one size, asked for at once: each question costs a way to the browser and back.
ON_SCREEN = f"""async wide => ({{
    rules: await ({RULES})(), width: ({TOO_WIDE})(), 'hidden focus': ({HIDDEN_FOCUS})(),
    colours: await ({CONTRAST})(wide),
}})"""
